"""What an operator may set of what is sent: webhooks and notices; part of `workers.settings.Settings`."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from models.webhooks import MAIL_ADDRESS, Network, key_of, seal_key_of
from workers.codec.settings import listed
from workers.settings_values import HostAndPort, is_this_machine, split_address


class WebhookSettings(BaseSettings):
    """Where webhooks may lead, and what seals their secrets."""

    webhook_networks: str = Field(
        default="",
        description="list the private networks that webhooks may lead to, e.g. 10.1.0.0/16, with commas "
        "between them (127.0.0.0/8 for this machine), or leave it unset: then only public addresses",
    )
    webhook_key: SecretStr | None = Field(
        default=None,
        description="give the base64 of 32 random bytes, the same to every process (openssl rand -base64 "
        "32), or leave it unset on a single machine: then a key file in data_dir is made",
    )

    @field_validator("webhook_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        for network in listed(value):
            try:
                ip_network(network)
            except ValueError:
                raise ValueError(f"'{network[:60]}' must be a network such as 10.1.0.0/16") from None
        return value

    @field_validator("webhook_key")
    @classmethod
    def _seals(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            seal_key_of(value.get_secret_value())
        return value

    def networks(self) -> tuple[Network, ...]:
        """The private networks that webhooks may lead to."""
        return tuple(map(ip_network, listed(self.webhook_networks)))


class NoticeSettings(BaseSettings):
    """How notices leave: by mail, to a webhook, or into a folder."""

    notice_delivery: Literal["contacts", "mailbox"] | None = Field(
        default=None,
        description="use contacts (what has no contact is held) or mailbox (it goes to the folder in "
        "data_dir), or leave it unset: the mailbox in `zhicheng up` without a mail server, else contacts",
    )
    notice_webhook_secret: SecretStr | None = Field(
        default=None,
        description="give the whsec_... that signs notices sent to contacts of the kind webhook, "
        "or leave it unset",
    )
    smtp_address: HostAndPort | None = Field(
        default=None,
        description="give host:port of the mail server, e.g. mail.example.cn:587, or leave it unset",
    )
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="use starttls, tls, or none for a mail server on this machine"
    )
    smtp_user: str | None = Field(
        default=None, description="give the account at the mail server, or leave it unset"
    )
    smtp_password: SecretStr | None = Field(
        default=None, description="give the password of ZHICHENG_SMTP_USER, or leave it unset"
    )
    smtp_from: str = Field(
        default="zhicheng@localhost",
        pattern=MAIL_ADDRESS,
        max_length=254,
        description="give the address that notices come from, e.g. zhicheng@titles.example.cn",
    )

    @field_validator("notice_webhook_secret")
    @classmethod
    def _signs(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            key_of(value.get_secret_value())
        return value

    @field_validator("smtp_security")
    @classmethod
    def _mail_with_tls(cls, value: str, info: ValidationInfo) -> str:
        address = info.data.get("smtp_address")
        if value == "none" and address is not None and not is_this_machine(split_address(address)[0]):
            raise ValueError("must be starttls or tls where mail leaves this machine")
        return value
