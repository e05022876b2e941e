"""What must hold on every path, in words; the tests prove it on whole lives, as far as one life can."""

from __future__ import annotations

from models.wire import Label

INVARIANTS: tuple[Label, ...] = (
    Label(
        zh="未经两次完整公示（各不少于5个工作日，且在下一步之前期满），任何路径都不能到达“已发证”。",
        en="No path reaches `certified` without two completed publicities of at least 5 working days, each"
        " ended before the next step.",
    ),
    Label(
        zh="开始投票时出席须达到法定人数，否则不计票；赞成票不超过参加投票人数；参加投票人数为出席人数减回避人数。",
        en="No vote is counted unless the quorum held when that ballot opened; yes votes do not exceed the"
        " voters; the voters are those attending minus those recused.",
    ),
    Label(
        zh="任何记录都不把专家与其选票内容联系起来；离开票箱的只有票数。",
        en="No record links an expert to the content of a ballot; only counts leave the ballot box.",
    ),
    Label(
        zh="本年度占用及已评定的岗位数不超过该单位该层级的空岗数（目前由单位逐件填报空岗数；跨申报的占用登记尚未建成）。",
        en="Posts held and certified in the cycle do not exceed the free posts, by unit and level (today the"
        " unit attests the free posts case by case; a register across applications is not built yet).",
    ),
    Label(
        zh="“逾期”“视为放弃”只由标为 BAR 的期限引起，且当事人事先已被告知该日期。",
        en="`lapsed` and `deemed_abandoned` are reached only through deadlines marked BAR, and only after the"
        " person was told of the date.",
    ),
    Label(
        zh="补正须一次性告知；首次即可列出的问题，不得单独导致“视为放弃”。",
        en="A return names everything at once; a defect that could have been listed the first time cannot by"
        " itself cause `deemed_abandoned`.",
    ),
    Label(
        zh="公示最后一日23:59收到的异议有效；次日0:00起按举报处理。",
        en="An objection at 23:59 of the last day is in time; from 00:00 of the next day it is a complaint.",
    ),
    Label(
        zh="公示开始后的修改，或为形式修改，或须重新公示。",
        en="An edit after a publicity started is either formal or causes a new publicity.",
    ),
    Label(
        zh="处理决定依行为日期、决定日期和规则版本确定。",
        en="A sanction follows from the date of the act, the date of the decision and the rules' version.",
    ),
)
