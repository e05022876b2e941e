"""Why an upload is not begun, or goes no further: each with its rule and its remedy."""

from __future__ import annotations

from models.evidence import EvidenceCode, EvidenceRefused


def empty() -> EvidenceRefused:
    """A file without a byte."""
    return EvidenceRefused(
        EvidenceCode.EMPTY,
        zh="文件为空。",
        en="The file is empty.",
        fix_zh="请在 Upload-Length 中给出文件的字节数（大于 0）。",
        fix_en="Give its size in bytes, more than 0, as Upload-Length.",
        field="Upload-Length",
    )


def too_large(most: int) -> EvidenceRefused:
    """A file above the limit."""
    return EvidenceRefused(
        EvidenceCode.TOO_LARGE,
        zh=f"文件超过上限 {most} 字节。",
        en=f"The file is larger than {most} bytes.",
        fix_zh="请降低扫描分辨率（不低于 200 dpi）或拆分文件。",
        fix_en="Scan at a lower resolution (200 dpi or more), or split it.",
        field="Upload-Length",
    )


def too_many_bytes(size: int) -> EvidenceRefused:
    """More bytes than were announced."""
    return EvidenceRefused(
        EvidenceCode.TOO_LARGE,
        zh=f"发送的字节多于申明的 {size} 字节。",
        en=f"More bytes were sent than the {size} that were announced.",
        fix_zh="请核对 Upload-Offset，或以正确的 Upload-Length 重新开始。",
        fix_en="Look at Upload-Offset, or begin anew with the right Upload-Length.",
    )


def over_quota(quota: int, left: int) -> EvidenceRefused:
    """The application's room is used up, uploads under way included."""
    return EvidenceRefused(
        EvidenceCode.QUOTA,
        zh=f"该申报的材料总量上限为 {quota} 字节，尚余 {left} 字节。",
        en=f"The files of one application may have {quota} bytes together; {left} are left.",
        fix_zh="请缩小文件，或删除未完成的上传。",
        fix_en="Make the file smaller, or delete uploads that are not finished.",
        field="Upload-Length",
    )


def too_many_open(most: int) -> EvidenceRefused:
    """Too many uploads of one application are under way."""
    return EvidenceRefused(
        EvidenceCode.TOO_MANY,
        zh=f"该申报已有 {most} 个未完成的上传。",
        en=f"{most} uploads of this application are not finished yet.",
        fix_zh="请先完成或删除其中一些。",
        fix_en="Finish some of them, or delete them.",
    )


def too_many_pieces(most: int) -> EvidenceRefused:
    """Sent in too small pieces."""
    return EvidenceRefused(
        EvidenceCode.PIECES,
        zh=f"上传被拆成超过 {most} 片。",
        en=f"The upload came in more than {most} pieces.",
        fix_zh="请以更大的片（如 4 MiB）重新开始。",
        fix_en="Begin anew with larger pieces, of 4 MiB for instance.",
    )


def key_reused() -> EvidenceRefused:
    """The same key for another file."""
    return EvidenceRefused(
        EvidenceCode.KEY_REUSED,
        zh="此 Idempotency-Key 已用于另一个上传。",
        en="This Idempotency-Key was used for another upload.",
        fix_zh="请使用新的键。",
        fix_en="Use a new one.",
        field="Idempotency-Key",
    )


def unknown() -> EvidenceRefused:
    """Not there, or somebody else's: the answer is the same."""
    return EvidenceRefused(
        EvidenceCode.UNKNOWN,
        zh="没有此上传，或它不属于您。",
        en="There is no such upload, or it is not yours.",
        fix_zh="请重新开始上传。",
        fix_en="Begin a new one.",
    )


def not_at(offset: int) -> EvidenceRefused:
    """The upload stands elsewhere."""
    return EvidenceRefused(
        EvidenceCode.OFFSET,
        zh=f"此上传已接收 {offset} 字节，不能从别处继续。",
        en=f"The upload stands at {offset} bytes: it goes on from there only.",
        fix_zh="请用 HEAD 查询 Upload-Offset 后从该处继续。",
        fix_en="Ask for Upload-Offset with HEAD and go on from it.",
        field="Upload-Offset",
        offset=offset,
    )


def ended(state: str, reason: str | None) -> EvidenceRefused:
    """The upload is over."""
    why = f"{state} ({reason})" if reason else state
    return EvidenceRefused(
        EvidenceCode.ENDED,
        zh=f"此上传已结束：{why}。",
        en=f"The upload is over: {why}.",
        fix_zh="如仍需要该文件，请重新开始上传。",
        fix_en="Begin a new one if the file is still wanted.",
    )


def hash_differs(declared: str, found: str) -> EvidenceRefused:
    """What arrived is not what was announced."""
    return EvidenceRefused(
        EvidenceCode.HASH_DIFFERS,
        zh=f"收到的文件校验值为 {found}，与申明的 {declared} 不符。",
        en=f"What arrived has the hash {found}, and not {declared} as announced.",
        fix_zh="请重新上传。",
        fix_en="Upload it again.",
        field="Upload-Metadata.sha256",
    )
