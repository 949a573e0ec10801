"""Words that name nothing by themselves, such as "viele", "dans" and "сколько", so that nobody looks for them.

Those of English are the commonest of the training texts (`retrieval.coefficients.common_words`), and contractions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from retrieval.coefficients import common_words
from retrieval.terms import QueryTerm, analyse_query, folded, in_small_letters, is_capital

_WORDS = {
    "de": """
        aber alle allem allen aller alles als also alt am an ander andere anderem anderen anderer anderes anders auch
        auf aus außer außerdem bald bei beide beiden beim bereits besonders bevor bin bis bist breit da dabei dadurch
        dafür dagegen daher dahin damals damit danach daneben dann daran darauf daraus darf darin darüber darum darunter
        das dass davon davor dazu dein deine deinem deinen deiner dem den denen denn dennoch der deren des deshalb
        dessen dich die dies diese dieselbe diesem diesen dieser dieses dir doch dort du durch dürfen eben ebenso ein
        eine einem einen einer eines einige einigen einiger einmal er erst es etwa etwas euch euer eure falls fast für
        gab ganz gar geben gegen gegenüber genau genug gerade gern gewesen geworden gibt ging groß habe haben hast hat
        hatte hatten hätte hätten heißen heißt her hier hin hinter hoch ich ihm ihn ihnen ihr ihre ihrem ihren ihrer
        ihres im immer in indem ins irgend irgendein ist ja je jede jedem jeden jeder jedes jedoch jemand jene jenem
        jenen jener jenes jetzt kann kannst kein keine keinem keinen keiner können konnte konnten könnte lang lange
        lassen machen machte man manche manchen mancher manchmal mehr mehrere mein meine meinem meinen meiner meist
        meisten mich mir mit möchte mögen muss müssen musste mussten nach nachdem nicht nichts nie niemand noch nun nur
        ob oben oder oft ohne schon schwer sehr sei seid sein seine seinem seinen seiner seines seit seitdem selbst sich
        sie sind so sobald sogar solche solchem solchen solcher soll sollen sollte sollten somit sondern sonst soviel
        soweit sowie sowohl statt tief tun über überhaupt um und uns unser unsere unserem unseren unserer unter viel
        viele vielem vielen vieler vielleicht vom von vor vorher während wann war waren warst warum was weder weg wegen
        weil weit weiter weitere weiteren welche welchem welchen welcher welches wem wen wenig wenige wenigen weniger
        wenn wer werde werden weshalb wessen wie wieder wieso wieviel wieviele will wir wird wo wobei wodurch wofür
        wogegen woher wohin wohl wollen wollte womit worauf woraus worin worüber worum wovon wozu wurde würde wurden
        würden zu zum zur zwar zwischen
    """,
    "fr": """
        afin ai aient ainsi ait alors an après as assez au aucun aucune aujourd auquel aura aurait aussi autour autre
        autres aux auxquelles auxquels avaient avait avant avec avez avoir avons ayant beaucoup bien c car ce ceci cela
        celle celles celui cependant certain certaine certaines certains ces cet cette ceux chacun chacune chaque chez
        ci combien comme comment contre d dans de déjà dehors depuis derrière des desquelles desquels dessous dessus
        deux devant devrait doit doivent donc dont du duquel durant elle elles en encore enfin ensuite entre es est et
        étaient était étant été être eu eurent eut eux fait faire faisait font furent fut grâce hors ici il ils j
        jamais jusqu jusque l la laquelle là le lequel les lesquelles lesquels leur leurs loin longtemps lors lorsqu
        lorsque lui m ma mais malgré me même mêmes mes mien mienne moi moins mon n ne ni non nos notre nous on ont ou où
        par parce parfois parmi pas pendant peu peut peuvent plus plusieurs plutôt pour pourquoi pourrait pourtant
        pouvait pouvoir près presque puis puisqu puisque qu quand quant que quel quelle quelles quelqu quelque quelques
        quels qui quiconque quoi rien s sa sans sauf se selon sera serait seront ses seulement si sien sienne soi soient
        soit sommes son sont souvent sous suis sur ta tandis tant te tel telle telles tellement tels tes toi ton
        toujours tous tout toute toutes très trop tu un une unes va vais vers veut voici voilà vont vos votre vous y
    """,
    "es": """
        a acaso ahora al algo alguien algún alguna algunas alguno algunos allá allí ambos ante antes aquel aquella
        aquellas aquello aquellos aquí así aún aunque bajo bastante bien cabe cada casi cierta ciertas cierto ciertos
        como cómo con conmigo contigo contra cual cuál cuales cuáles cualquier cualquiera cuando cuándo cuanta cuánta
        cuantas cuántas cuanto cuánto cuantos cuántos cuya cuyas cuyo cuyos de debe deben debía del demás demasiado
        dentro desde después detrás donde dónde dos durante e él el ella ellas ello ellos en encima entonces entre era
        eran eres es esa esas ese eso esos esta está estaba estaban estado están estar estas este esto estos estuvo fue
        fueron fuera ha haber había habían hace hacen hacer hacia hacía han hasta hay haya he hizo hubo incluso jamás
        junto la las le les lo los luego más me mediante mejor menos mi mía mientras mío mis misma mismas mismo mismos
        mucha muchas mucho muchos muy nada nadie ni ningún ninguna ninguno no nos nosotras nosotros nuestra nuestras
        nuestro nuestros nunca o os otra otras otro otros para pero poca pocas poco pocos por porque pues puede pueden
        podía que qué quien quién quienes quiénes se sea sean según ser será serán si sí sido siempre siendo sin sino
        sobre sois solamente solo sólo somos son soy su sus suya suyas suyo suyos tal tales también tampoco tan tanta
        tantas tanto tantos te tenía tenían tener tengo ti tiene tienen toda todas todavía todo todos tras tu tú tus
        tuvo un una unas uno unos usted ustedes va van varias varios veces vosotros y ya yo
    """,
    "it": """
        a abbastanza abbia abbiamo ad adesso agli ai al alcun alcuna alcune alcuni alcuno all alla alle allo allora
        altra altre altri altro anche ancora anzi appena aveva avevano avendo avere avete avrà ben bene benché c che chi
        chiunque ci ciascuna ciascuno ciò cioè circa coi col come comunque con contro cos cosa così cui d da dagli dai
        dal dall dalla dalle dallo davanti degli dei del dell della delle dello dentro deve devono di dietro dopo dov
        dove dovere doveva due dunque durante e è ecco ed egli ella era erano essa esse essere essi est fa fanno fare
        fatto fin finché fino forse fosse fra fu fuori furono già gli ha hai hanno ho i il in infatti insieme intanto
        invece io l la là le lei li lì lo loro lui lungo ma mai me meglio meno mentre mi mia mie miei mio molta molte
        molti molto ne né neanche negli nei nel nell nella nelle nello nessun nessuna nessuno niente no noi non nostra
        nostre nostri nostro nulla o od ogni ognuno oltre oppure ora per perché perciò però più poca poche pochi poco
        poi poiché possono potere poteva presso prima proprio può pure qua qual quale quali qualche qualcosa qualcuno
        qualunque quando quand quant quanta quante quanti quanto quasi quegli quei quel quell quella quelle quelli
        quello quest questa queste questi questo qui quindi s sarà saranno se sebbene secondo sei sempre senza si sì sia
        siamo siano sino solo soltanto sono sopra soprattutto sotto spesso sta stata state stati stato stesse stessa
        stessi stesso su sua sue sugli sui sul sull sulla sulle sullo suo suoi tale tali tanta tante tanti tanto te ti
        tra tranne troppo tu tua tue tuo tuoi tutta tutte tutti tutto un una uno v verso vi via voi vostra vostro
    """,
    "pt": """
        a à acima agora ainda além algo alguém algum alguma algumas alguns ali ambos ante antes ao aonde aos apenas após
        aquela aquelas aquele aqueles aquilo aqui as às assim até atrás através bem cada cerca certa certas certo certos
        com comigo como contra contudo cuja cujas cujo cujos da daquela daquele dar das de debaixo dela delas dele
        deles demais dentro depois desde dessa desse desta deste deve devem devia diante do dois donde dos durante e é
        ela elas ele eles em embora enquanto entanto então entre era eram essa essas esse esses esta está estão estar
        estas estava estavam este esteve estes eu fazer faz fazem fez foi for fora foram há haver havia houve isso isto
        já jamais junto lá lhe lhes logo longe mais mas me mediante meio menos mesma mesmas mesmo mesmos meu meus mim
        minha minhas muita muitas muito muitos na nada não naquela naquele nas nem nenhum nenhuma nessa nesse nesta
        neste ninguém no nos nós nossa nossas nosso nossos num numa nunca o onde os ou outra outras outro outros para
        pela pelas pelo pelos per perante perto pode podem podia pois por porém porque porquê portanto pouca poucas
        pouco poucos pra próprio qual quais qualquer quando quanta quantas quanto quantos quase que quê quem quer são se
        seja sejam sem sempre sendo ser será serão seria seu seus si sido sim sob sobre somente sua suas tal tais também
        tampouco tanta tantas tanto tantos te tem têm tendo ter teu teus teve tinha tinham toda todas todavia todo todos
        tu tua tuas tudo um uma umas uns vai vão várias vários você vocês vos
    """,
    "ru": """
        а без более больше будет будут бы был была были было быть в вам вами вас ваш ваша ваше ваши вдоль ведь весь
        внутри во возле вокруг вот впрочем все всё всегда всего всей всем всеми всех всю вся всякий вы где да даже
        для до довольно другая другие других другого другое другой другом его ему если есть еще ещё её ей ею же за
        зато зачем здесь и из изо или им именно ими имеет имеют иногда их к каждая каждого каждое каждой каждый
        как какая какие каким какими каких какого какое какой каком какому какую кем ко когда кого кому кто куда ли
        либо лишь между меня мне много многие многих мной мог могла могли могло могут может можно мои мой моя моё мы на
        над надо нам нами нас наш наша наше наши не него неё ней некоторые некоторых нельзя нем нему несколько нет
        нею ни нибудь никогда никто ним ними них ничего ничто но ну о об оба обо однако около он она они оно от отчего
        очень перед передо по под подо пока после потом потому почему почти поэтому при про против раз разве с сам
        сама сами само самого самой самом самый самая самое самые сверх свои своим своих своего своей свой своя своё
        себе себя сейчас сих сквозь сколько слишком снова со собой совсем среди столь столько так такая также такие
        таких такого такое такой там твой твоя тебе тебя тем теми теперь тех то тобой тогда того тоже той только том
        тому тот ту тут ты у уже хотя чего чей чем чему через что что чтоб чтобы чьё чья чьи чуть эта эти этим этих
        это этого этой этом этому этот эту
    """,
    "nl": """
        aan af al alle alleen als altijd ander andere anders ben bij bijna binnen boven buiten daar daarna daarom dan
        dat de deze die dit doen doet door dus een eens elk elke en enige enkele er ergens geen geweest haar had hadden
        heb hebben hebt heeft hem hen het hier hij hoeven hun iedere iedereen iemand iets ik in is ja je jij jou jouw
        jullie kan kon konden kun kunnen langs maar mag me meer meest men met mij mijn misschien moest moet moeten mogen
        na naar naast nadat niemand niet niets nog nooit nu of om omdat onder ons onze ook op over per reeds sinds soms
        steeds te tegen ten ter terwijl toch toen tot tussen u uit uw van vanaf veel via volgens voor vooral waren was
        we weer weinig wel werd werden wij wil willen worden wordt ze zeer zelf zich zij zijn zo zoals zonder zou zouden
        zal zullen
    """,
    "pl": """
        a aby albo ale ani aż bardzo bez bo bowiem był była było były być będą będzie chce choć ci cię co coś dla do gdy
        gdyż go i ich im inna inne innego innej innych inny iż ja jednak jego jej jemu jest jestem jesteś jeszcze jeśli
        jeżeli już każda każde każdego każdej każdy ku lecz lub ma mają mam mi między mną mnie mogą moja moje może można
        musi mój my na nad nam nami nas nasz nasza nasze natomiast nawet nią nic nich nie niego niej nim nimi niż no o
        od on ona one oni ono oraz oto pan pani po pod podczas ponieważ poza powinien powinna przed przez przy raz
        również są siebie się sobie swoich swoje swoją swój ta tak taka taki takie także tam te tego tej ten też to tobą
        tobie trzeba tu tutaj twoja twoje twój ty tych tylko tym u w wam wami was wasz we wszyscy wszystkich wszystkie
        wszystko wtedy wy więc z za zawsze ze został została zostały żaden żadna żadne że żeby
    """,
    "tr": """
        acaba ama ancak artık aslında az bana bazı belki ben benim beri bile bir biraz birçok biri birkaç birlikte biz
        bizim böyle bu buna bunda bundan bunlar bunu bunun burada çok çünkü da daha dahi de değil diğer diye dolayı
        edilir eğer en fakat gibi göre hala hem hep hepsi her herhangi herkes hiç için idi ile ilgili ise işte kadar
        karşı kendi kendisi ki mi mı mu mü miydi mıydı musun mısın misin nedeniyle o olan olarak oldu olduğu olduğunu
        olmak olması olmayan olsa olur on ona ondan onlar onların onu onun orada oysa önce pek rağmen sadece sana sanki
        sen senin siz sizin sonra şey şimdi şöyle şu şuna şunu tarafından tüm tümü üzere var vardır ve veya ya yani
        yapılır yerine yine yok yoksa zaman zaten
    """,
    "uk": """
        а або але без би більш більше був була були було бути в вам вами вас ваш ваша ваше ваші весь вже ви від він вона
        вони воно все всі всіх всього втім давно далі де для до дуже є її йому його за завжди зараз зі з із і інша інше
        інший інших й їй їм їх їхній каже кожен кожна кожне кожного лише майже має мають ми між мене мені може можна
        можуть моя моє мої мій на навіть над нам нами нас наш наша наше наші не нею неї немає ним ними них ні ніби
        нічого ніхто об однак один ось о під після по при про проте раз разом сам сама саме самі свого своє своєї свої
        своїх свій своя себе собі та так така таке такий таких також там те теж ти тим тих то тобто тоді той того тому
        тут у усе усі хоча ці цих цього цей цієї цю ця це через ще щоб щодо я якби якщо
    """,
}
_ASKING = {
    "ar": "متى أين اين كيف لماذا ماذا هل أي أية كم بكم لمن",
    "cs": "kdo koho komu kdy kde kam odkud proč jak jaký jaká který která které kolik čí co čeho čemu zda",
    "da": "hvor hvem hvad hvornår hvorfor hvordan hvilken hvilket hvilke",
    "de": "welche welcher welches wann warum wieviel wieviele woher wohin wessen",
    "es": "quién quiénes dónde cuándo cuánto cuántos cuántas cómo porqué cuál",
    "fr": "quand combien pourquoi quel quelle quels quelles",
    "he": "מתי איפה היכן איך כיצד למה מדוע כמה מי מה איזה איזו אילו האם לאן מאיפה מנין",
    "hi": "कब कहाँ कहां क्यों कैसे कैसा कैसी कौन कौनसा कौनसी क्या कितना कितने कितनी किस किसे किसने किसका किसकी किसके किन",
    "it": "dove quando quanto quanti quale perché",
    "nl": "wie wat waar waarom waarvoor waardoor waarmee wanneer hoe hoeveel hoelang hoeveelste welk welke wiens",
    "pl": """
        kto kogo komu kim co czego czemu czym kiedy gdzie skąd dokąd dlaczego jak jaki jaka jakie jakiego jakiej jakich
        jakim jakimi ile ilu który która które którego której których którym czyj czyja czyje czy odkąd
    """,
    "pt": "quem onde quando quantos quantas qual",
    "ru": "кто что где когда сколько почему какой какая какие",
    "sv": "vem vad var vart varför när hur vilken vilket vilka vems",
    "tr": """
        kim kimin kimler ne neyi neye nedir neler nerede nerde nereye nereden neresi neden niçin niye nasıl nasıldır
        hangi hangisi hangileri kaç kaçıncı kaçta
    """,
    "uk": """
        хто кого кому ким що чого чому чим коли де куди звідки навіщо як який яка яке які якого якої яких якому якій
        яким якими скільки котрий котра котре чий чия чиє чиї чи
    """,
    "vi": "gì nào đâu mấy nhiêu không",
}
"""Words that ask: one of them says which language a question is in. Where no document of a library holds one, none is
in that language.
"""

_ALSO_ENGLISH = frozenset({"dove"})  # so that it says nothing alone
_APOSTROPHE = re.compile("['\u2019\u02bc]")
_NEGATED = (
    *("ain't", "aren't", "can't", "couldn't", "didn't", "doesn't", "don't", "hadn't", "hasn't", "haven't", "isn't"),
    *("mightn't", "mustn't", "needn't", "oughtn't", "shan't", "shouldn't", "wasn't", "weren't", "won't", "wouldn't"),
)
_SUBJECTS = ("i", "you", "he", "she", "it", "we", "they", "who", "what", "there", "that")
_CONTRACTIONS = frozenset(
    {*_NEGATED, *(word.replace("'", "") for word in _NEGATED)}
    | {f"{subject}'{verb}" for subject in _SUBJECTS for verb in ("m", "re", "ve", "ll", "d")}
    | {"ive", "youre", "youve", "youll", "youd", "hes", "shes", "itll", "itd", "weve", "theyre", "theyve", "theyll"}
    | {"theyd", "whos", "wholl", "whove"}
)
"""Of English, folded. Without an apostrophe "well", "were", "hell", "shed", "its" and "id" are other words."""


def functional(text: str, terms: Sequence[QueryTerm]) -> frozenset[str]:
    """Those of a question's words that name nothing in the language that most of them belong to.

    A word with a capital that begins no sentence is a name, but in German, and accents count: "Sara" is no "sarà". Of
    another language than English there have to be two, or one that asks, or the only word is one and has no capital.
    """
    capital = {text[one.start : one.end] for one in terms if is_capital(text, one.start, one.end)}
    words = frozenset(text[one.start : one.end] for one in terms)
    if text.isupper():
        capital = set()
    contracted = {text[one.start : one.end] for one in terms if is_contraction(text, one)}
    parts = {word: {part for part in _APOSTROPHE.split(in_small_letters(word)) if part} for word in words}
    best = frozenset(word for word in words - capital if folded(word, "en") in common_words()) | contracted
    for language, own in _own().items():
        found = frozenset(word for word in words if parts[word] <= own)
        sure = found - capital
        asks = any(in_small_letters(word) in _asking(language) for word in sure)
        if len(sure) > len(best) and (asks or len(sure) > 1 or (len(terms) == 1 and text[terms[0].start].islower())):
            best = found if language == "de" else sure
    return best


def is_english(text: str) -> bool:
    """Whether those words of a text that name nothing are English."""
    terms = analyse_query(text, ["en"])
    functions = functional(text, terms)
    return bool(functions) and all(general_share(text, one) for one in terms if text[one.start : one.end] in functions)


def asks_elsewhere(word: str) -> bool:
    """Whether a word asks in another language than English, with or without its accents."""
    return folded(word) in _all_asking()


def is_contraction(text: str, term: QueryTerm) -> bool:
    """Whether a question's word is one as "doesn't", or as "doesnt" where no capital makes it a name."""
    word = folded(text[term.start : term.end])
    return word in _CONTRACTIONS and ("'" in word or text.isupper() or not is_capital(text, term.start, term.end))


def general_share(text: str, term: QueryTerm) -> float:
    """The share of passages of general English text that a question's word stands in; a contraction's is that of "not",
    and 0 that of what is not among the commonest words.
    """
    forms = ("not",) if is_contraction(text, term) else term.forms
    return max(common_words().get(form, 0.0) for form in forms)


@cache
def _own() -> dict[str, frozenset[str]]:
    """The words of each language that name nothing, and those that ask."""
    return {
        language: _split(_WORDS.get(language, "")) | _split(_ASKING.get(language, "")) for language in _WORDS | _ASKING
    }


@cache
def _asking(language: str) -> frozenset[str]:
    """Those words of a language that ask wherever they stand."""
    return _split(_ASKING.get(language, "")) - _ALSO_ENGLISH


@cache
def _all_asking() -> frozenset[str]:
    return frozenset(folded(word) for words in _ASKING.values() for word in words.split())


def _split(words: str) -> frozenset[str]:
    return frozenset(map(in_small_letters, words.split()))
