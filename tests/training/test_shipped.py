"""A training that goes on from the weights that are shipped."""

from __future__ import annotations

import torch
from transformers import BertConfig, BertModel
from transformers.models.bert.modeling_bert import BertLayer

from retrieval.reader import FOLDER
from training.reader import _JUDGING_WIDTH
from training.shipped import shipped_weights

_WIDTH, _WORDS = 384, "bert.embeddings.word_embeddings.weight"


def test_every_weight_that_is_learnt_is_shipped_in_its_shape() -> None:
    config = BertConfig(hidden_size=_WIDTH, num_hidden_layers=12, intermediate_size=4 * _WIDTH)
    with torch.device("meta"):
        encoder = BertModel(config, add_pooling_layer=False)
        config.intermediate_size = _JUDGING_WIDTH
        judging = BertLayer(config)
    wanted = {f"bert.{name}": tuple(one.shape) for name, one in encoder.named_parameters()}
    wanted |= {f"judging.{name}": tuple(one.shape) for name, one in judging.named_parameters()}
    heads = {"spans": (2, _WIDTH), "score.0": (_WIDTH, 2 * _WIDTH), "score.2": (1, _WIDTH), "answers": (1, 2 * _WIDTH)}
    wanted |= {f"{name}.weight": shape for name, shape in heads.items()}
    wanted |= {f"{name}.bias": shape[:1] for name, shape in heads.items()}
    del wanted[_WORDS]
    shipped = shipped_weights(FOLDER)
    assert {name: tuple(one.shape) for name, one in shipped.items() if name in wanted} == wanted
    assert all(float(one.abs().max()) > 0 for one in shipped.values())
