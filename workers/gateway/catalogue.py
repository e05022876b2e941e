"""Every code that an answer "no" may carry: its status, what it means, and what to do about it.

The codes of refusals are the domain's (`models.refusal`); the others are the door's. The problem itself says
it for the case at hand, with the field and the rule.
"""

from __future__ import annotations

from models.refusal import RefusalCode
from models.wire import Label, Wire
from workers.gateway.catalogue_evidence import OF_EVIDENCE, OF_UPLOADS


class ErrorCode(Wire):
    """A code, the status that it is answered with, its meaning and the usual remedy.

    `from_the_review`: it may come through any door, and stands in `refused`, too.
    """

    code: str
    status: int
    meaning: Label
    remedy: Label
    from_the_review: bool


_OF_REFUSALS: dict[RefusalCode, tuple[int, str, str, str, str]] = {
    RefusalCode.MALFORMED: (
        *(422, "字段不符合格式", "A field breaks its schema."),
        *("按 JSON Schema 更正该字段后重发。", "Correct the field by its JSON Schema and send it again."),
    ),
    RefusalCode.UNKNOWN_KIND: (
        *(404, "没有此指令", "There is no such command."),
        *("请见 /openapi.json。", "See /openapi.json."),
    ),
    RefusalCode.OVERSIZED: (
        *(413, "内容过大", "The command is too large."),
        *("文件作为引用，不放入指令。", "Documents travel as references."),
    ),
    RefusalCode.NOT_OPEN_YET: (
        *(409, "申报尚未开放", "Applications are not taken yet."),
        *("请在方案规定的期间办理。", "Come back within the time of the plan."),
    ),
    RefusalCode.PLAN_PENDING: (
        *(503, "正在建立", "It is being opened."),
        *("稍后用同一 Idempotency-Key 重发。", "Send it again in a moment with the same Idempotency-Key."),
    ),
    RefusalCode.CLOSED: (
        *(409, "已终结", "It has ended."),
        *("可查询其经过。", "Read its history; apply again where the plan allows."),
    ),
    RefusalCode.WRONG_ROLE: (
        *(403, "身份不符", "The role may not do this."),
        *("由具有相应身份的账户办理。", "Use an account that holds the role."),
    ),
    RefusalCode.WRONG_ORGANISATION: (
        *(403, "机构不符", "The organisation may not do this."),
        *("由载明的机构办理。", "Send it for the organisation that is named."),
    ),
    RefusalCode.WRONG_PERSON: (
        *(403, "人员不符", "This person may not do this."),
        *("由本人办理。", "The person concerned must do it."),
    ),
    RefusalCode.SEPARATION_OF_DUTIES: (
        *(403, "须由他人办理", "Somebody else must decide this."),
        *("换人办理。", "Let a colleague decide."),
    ),
    RefusalCode.NOT_IN_THIS_STAGE: (
        *(409, "当前阶段不能办理", "Not possible in the present stage."),
        *("见 next：当前可办理的事项。", "See `next` for what is possible."),
    ),
    RefusalCode.STALE_REVISION: (
        *(409, "内容已变化", "It changed since it was looked at."),
        *("查看后重新决定。", "Look again and decide anew."),
    ),
    RefusalCode.REUSED_COMMAND_ID: (
        *(409, "Idempotency-Key 已用于其他内容", "The key was used for another body."),
        *("换用新的 Idempotency-Key。", "Use a new Idempotency-Key."),
    ),
    RefusalCode.EXPIRED: (
        *(409, "指令已失效", "The command expired, or a last day has passed."),
        *("重新作出决定。", "Decide again."),
    ),
    RefusalCode.ON_HOLD: (
        *(409, "已暂停", "It is on hold."),
        *("待恢复后办理。", "Wait until it is released."),
    ),
    RefusalCode.TOO_EARLY: (
        *(409, "时间未到", "It is too early."),
        *("期满后办理。", "Wait for the end of the period that is named."),
    ),
    RefusalCode.GUARD: (
        *(422, "不符合条件", "A condition of the review is not met."),
        *("补齐所指内容后重发。", "Supply what is named and send it again."),
    ),
}

_OF_THE_DOOR: dict[str, tuple[int, str, str, str, str]] = {
    "unauthorised": (
        *(401, "凭证缺失或不被接受", "There is no token, or one that is not accepted."),
        *("向身份提供方取得有效凭证。", "Get a token from the issuer."),
    ),
    "not_found": (
        *(404, "不存在，或无权查看", "It is not there, or the caller may not see it."),
        *("核对编号与方案。", "Check the reference and the plan."),
    ),
    "method": (
        *(405, "此地址不接受该方法", "The address does not take the method."),
        *("请见 Allow。", "See `Allow`."),
    ),
    "different_input": (
        *(409, "此编号已有内容不同者", "The reference exists with another input."),
        *("用相同内容重发，或换用编号。", "Send the same input, or use another reference."),
    ),
    "reference_taken": (
        *(409, "编号已被使用", "The reference is taken."),
        *("换用编号。", "Use another reference."),
    ),
    "media_type": (
        *(415, "内容不是 JSON", "The body is no JSON."),
        *("以 Content-Type: application/json 发送。", "Send it as `Content-Type: application/json`."),
    ),
    "too_many_calls": (
        *(429, "调用过于频繁", "Too many calls."),
        *("按 Retry-After 重试。", "Try again after `Retry-After`."),
    ),
    "too_many_streams": (
        *(429, "收听的事件流过多", "This account listens to too many streams."),
        *("关闭不用的连接。", "Close those that are not used."),
    ),
    "unexpected": (
        *(500, "服务内部出错", "The service failed; no change was acknowledged."),
        *("用同一 Idempotency-Key 重发。", "Send it again with the same Idempotency-Key."),
    ),
    "no_answer": (
        *(503, "目前无人应答", "Nobody answers; a command may still take effect."),
        *("用同一 Idempotency-Key 重发。", "Send it again with the same Idempotency-Key."),
    ),
    "not_begun": (
        *(503, "一次请求过多，此项尚未办理", "There was no time left for this item."),
        *("再次发送此项。", "Send this item again."),
    ),
    "not_readable": (
        *(503, "暂时无法读取", "It cannot be read at this moment."),
        *("稍后再试。", "Try again; tell the operators if it goes on."),
    ),
    "database_away": (
        *(503, "数据库暂时无法应答", "The database does not answer; no change was acknowledged."),
        *("用同一 Idempotency-Key 重发。", "Send it again with the same Idempotency-Key."),
    ),
    "identity_sealed": (
        *(503, "证件号码无法解密", "The identity number does not open: its key is missing."),
        *("请联系运维。", "Ask the operator."),
    ),
    "issuer_away": (
        *(503, "暂时无法核验凭证", "The issuer of tokens does not answer."),
        *("稍后再试。", "Try again."),
    ),
}


def _code(name: str, told: tuple[int, str, str, str, str], from_the_review: bool) -> ErrorCode:
    status, zh, en, fix_zh, fix_en = told
    return ErrorCode(
        code=name,
        status=status,
        meaning=Label(zh=f"{zh}。", en=en),
        remedy=Label(zh=fix_zh, en=fix_en),
        from_the_review=from_the_review,
    )


CATALOGUE: dict[str, ErrorCode] = {
    **{code.value: _code(code.value, told, True) for code, told in _OF_REFUSALS.items()},
    **{code: _code(code, told, False) for code, told in (_OF_THE_DOOR | OF_UPLOADS).items()},
    **{code.value: _code(code.value, told, False) for code, told in OF_EVIDENCE.items()},
}
"""By the code."""
