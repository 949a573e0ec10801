# Built once with everything it needs; runs as a user without rights, on a folder of documents that is mounted.
FROM python:3.11-slim

RUN useradd --create-home --uid 10001 seedbot
WORKDIR /app
COPY pyproject.toml README.md ./
COPY retrieval retrieval
COPY bot bot
# PyPI's PyTorch brings several GB of GPU libraries: the image does without them where it is built with
# --build-arg PIP_EXTRA_INDEX_URL=<PyTorch's own index of CPU builds>.
ARG PIP_EXTRA_INDEX_URL
RUN pip install --no-cache-dir .

USER seedbot
WORKDIR /home/seedbot
ENV SEEDBOT_SEEDS=/home/seedbot/seeds \
    SEEDBOT_LIBRARY=/home/seedbot/library \
    SEEDBOT_TELEGRAM__HEALTH_PORT=8080
RUN mkdir seeds library
VOLUME ["/home/seedbot/library"]
EXPOSE 8080
HEALTHCHECK --interval=30s --start-period=180s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health', timeout=5)"]
ENTRYPOINT ["seedbot"]
CMD ["telegram"]
