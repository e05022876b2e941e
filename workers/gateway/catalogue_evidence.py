"""The part of the catalogue of codes that is about uploads and papers: status, meaning, usual remedy."""

from __future__ import annotations

from models.evidence import EvidenceCode

_ANEW = ("重新扫描或另存后上传。", "Scan it again or save it anew, and upload that.")
STORE_AWAY = "store_away"

_BEGIN = ("重新开始上传。", "Begin a new upload.")
_GO_ON = ("用 HEAD 查询 Upload-Offset 后继续。", "Ask for Upload-Offset with HEAD and go on from it.")

OF_EVIDENCE: dict[EvidenceCode, tuple[int, str, str, str, str]] = {
    EvidenceCode.NOT_ALLOWED: (
        *(415, "文件内容不是可接受的类型", "By its content the file is not of a kind that is taken."),
        *("上传 PDF、JPEG、PNG、TIFF 或 OFD 扫描件。", "Upload a scan as PDF, JPEG, PNG, TIFF or OFD."),
    ),
    EvidenceCode.FORGED: (
        *(415, "文件内容与声明的类型不符", "By its content the file is not what it is said to be."),
        *("按真实类型上传。", "Say what it is, or leave `filetype` out."),
    ),
    EvidenceCode.AMBIGUOUS: (
        *(415, "文件可被读作两种类型", "The file could be read as two kinds at once."),
        *_ANEW,
    ),
    EvidenceCode.BROKEN: (*(422, "文件不完整", "The file is not whole."), *_ANEW),
    EvidenceCode.EMPTY: (
        *(422, "文件为空", "The file is empty."),
        *("给出 Upload-Length。", "Give its size as Upload-Length."),
    ),
    EvidenceCode.TOO_LARGE: (
        *(413, "文件过大", "The file, or what was sent of it, is too large."),
        *("降低分辨率或拆分。", "Scan at a lower resolution, or split it."),
    ),
    EvidenceCode.QUOTA: (
        *(413, "该申报的材料总量已达上限", "The room for the papers of this application is used up."),
        *("缩小文件，或删除未完成的上传。", "Make it smaller, or delete uploads that are not finished."),
    ),
    EvidenceCode.TOO_MANY: (
        *(409, "未完成的上传过多", "Too many uploads are not finished."),
        *("先完成或删除一些。", "Finish some, or delete them."),
    ),
    EvidenceCode.HASH_DIFFERS: (
        *(422, "收到的文件校验值不符", "What arrived does not have the hash that was announced."),
        *_BEGIN,
    ),
    EvidenceCode.KEY_REUSED: (
        *(409, "Idempotency-Key 已用于另一个上传", "The key was used for another upload."),
        *("换用新的键。", "Use a new one."),
    ),
    EvidenceCode.OFFSET: (*(409, "上传位置不符", "The upload stands elsewhere."), *_GO_ON),
    EvidenceCode.ENDED: (*(410, "上传已结束", "The upload is over."), *_BEGIN),
    EvidenceCode.UNKNOWN: (
        *(404, "没有此上传，或不属于您", "There is no such upload, or it is not yours."),
        *_BEGIN,
    ),
    EvidenceCode.PIECES: (
        *(422, "上传被拆成过多的片", "The upload came in too many pieces."),
        *("以更大的片重新开始。", "Begin anew with larger pieces."),
    ),
    EvidenceCode.PIECE_LOST: (
        *(503, "已接收的部分丢失或被改动", "A part that was received is lost, or was altered."),
        *_BEGIN,
    ),
    EvidenceCode.MISSING: (
        *(503, "材料在存储中缺失或被改动", "The paper is missing in the store, or was altered."),
        *("联系运行人员，或重新上传。", "Tell the operators, or upload it again."),
    ),
    EvidenceCode.NOT_STORED: (
        *(422, "所引用的材料未上传", "A paper that the command names is not stored for this application."),
        *("先上传，再发送指令。", "Upload it first, then send the command."),
    ),
}
"""What the domain refuses."""

OF_UPLOADS: dict[str, tuple[int, str, str, str, str]] = {
    "bad_header": (
        *(400, "请求头缺失或无法读取", "A header is missing or cannot be read."),
        *("按 tus 1.0.0 更正。", "Correct it by tus 1.0.0."),
    ),
    "tus_version": (
        *(412, "不支持的 tus 版本", "Another version of tus is asked for."),
        *("发送 Tus-Resumable: 1.0.0。", "Send `Tus-Resumable: 1.0.0`."),
    ),
    "upload_media_type": (
        *(415, "不是 application/offset+octet-stream", "The bytes have another Content-Type."),
        *("更正 Content-Type。", "Send them as `application/offset+octet-stream`."),
    ),
    "range": (*(416, "范围超出文件", "No byte of the range is there."), *("更正 Range。", "Correct it.")),
    "checksum_mismatch": (
        *(460, "校验值不符，未计入", "The checksum is another; nothing of it counts."),
        *("从同一位置重发。", "Send it again from the same offset."),
    ),
    "busy": (
        *(503, "同类请求正在办理的过多", "Too many requests of this kind are under way."),
        *("稍后继续。", "Go on in a moment."),
    ),
    STORE_AWAY: (
        *(503, "材料存储暂时不可用", "The store of papers cannot be reached, or is full."),
        *("稍后重试；已接收的部分不会丢失。", "Try again in a moment; what was received is kept."),
    ),
}
"""What the door refuses."""
