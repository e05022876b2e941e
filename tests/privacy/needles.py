"""The personal data that are planted. Nobody has them; the identity numbers keep to the standard."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from models.identity import check_digit


@dataclass(frozen=True)
class Planted:
    """One invented person. `words`: a phrase that only free text holds; `file`: how they name a scan."""

    name: str
    number: str
    phone: str
    mail: str
    address: str
    words: str
    file: str

    def items(self) -> dict[str, str]:
        """By kind."""
        return asdict(self)


def _number(first: str) -> str:
    return first + check_digit(first)


APPLICANT = Planted(
    name="欧阳听雨",
    number=_number("12010419880715391"),
    phone="13920017745",
    mail="tingyu.ouyang@planted.example.cn",
    address="天津市南开区隐名里七号楼三门四〇二",
    words="青铜风铃只在子夜作响",
    file="欧阳听雨身份证正反面扫描件",
)
OBJECTOR = Planted(
    name="司徒望舒",
    number=_number("31010119791103284"),
    phone="18622093316",
    mail="wangshu.situ@planted.example.org",
    address="天津市河西区无名胡同乙九号",
    words="琥珀色的算盘缺了一粒珠",
    file="司徒望舒举报附件",
)
"""Somebody who objects, and writes all of it into the grounds, as people do."""


def told_by(person: Planted) -> str:
    """What somebody writes who has not been told to be brief."""
    return (
        f"{person.words}。本人{person.name}，身份证{person.number}，电话{person.phone}，"
        f"邮箱{person.mail}，住{person.address}。"
    )
