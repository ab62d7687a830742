import logging
from logging import Logger
from typing import ClassVar

import click

from proxystore.endpoint import client as client
from proxystore.endpoint.commands import (
    configure_endpoint as configure_endpoint,
    list_endpoints as list_endpoints,
    remove_endpoint as remove_endpoint,
    start_endpoint as start_endpoint,
    stop_endpoint as stop_endpoint,
)
from proxystore.endpoint.config import read_config as read_config
from proxystore.p2p.nat import check_nat_and_log as check_nat_and_log
from proxystore.serialize import deserialize as deserialize, serialize as serialize
from proxystore.utils.environment import home_dir as home_dir

logger: Logger

class _CLIFormatter(logging.Formatter):
    grey: str
    red: str
    green: str
    yellow: str
    cyan: str
    bold_red: str
    reset: str
    FORMATS: ClassVar[dict[int, str]]
    def format(self, record: logging.LogRecord) -> str: ...

@click.pass_context
def cli(ctx: click.Context, log_level: str) -> None: ...
def show_help() -> None: ...
def version() -> None: ...
def check_nat_command(host: str, port: int) -> None: ...
def configure(
    name: str,
    host: str,
    port: int | None,
    relay_address: str,
    relay_auth: bool,
    relay_server: bool,
    peer_channels: int,
    persist: bool,
) -> None: ...
def list_all() -> None: ...
def remove(name: str) -> None: ...
@click.pass_context
def start(ctx: click.Context, name: str, detach: bool) -> None: ...
def stop(name: str) -> None: ...
@click.pass_context
def test(ctx: click.Context, name: str, remote: str | None) -> None: ...
@click.pass_context
def evict(ctx: click.Context, key: str) -> None: ...
@click.pass_context
def exists(ctx: click.Context, key: str) -> None: ...
@click.pass_context
def get(ctx: click.Context, key: str) -> None: ...
@click.pass_context
def put(ctx: click.Context, data: str) -> None: ...
