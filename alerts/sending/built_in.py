"""The rules that are about telling itself; alerts/sending/selfcheck.py judges them."""

from typing import Any

OF_TELLING: dict[str, dict[str, Any]] = {
    "SYSTEM-TELLING": {
        "code": "SYSTEM-TELLING",
        "when": "telling",
        "grade": "orange",
        "label": {"zh": "告警通道故障", "en": "Messages do not arrive"},
        "cause": {
            "zh": "短信、邮件或群机器人不可用，地址或密钥失效，或出口网络中断。",
            "en": "A gateway, mail server or robot is away, its key has expired, or the line out "
            "is cut.",
        },
        "consequence": {
            "zh": "有人收不到告警；已改发备用通道。",
            "en": "Somebody is not told of alerts; the fallback is told in their place.",
        },
        "action": {
            "zh": "以电话通知值班人员；通知系统管理员检查该通道。",
            "en": "Tell those on duty by telephone; have the administrator look at the receiver.",
        },
    },
    "SYSTEM-DUTY": {
        "code": "SYSTEM-DUTY",
        "when": "duty",
        "grade": "yellow",
        "label": {"zh": "值班空缺", "en": "Gap in the rota"},
        "cause": {"zh": "值班表未排或有空档。", "en": "The rota has no entry for these hours."},
        "consequence": {
            "zh": "该岗位的告警改发备用通道。",
            "en": "Alerts for that post go to the fallback.",
        },
        "action": {"zh": "在值守页补排值班。", "en": "Enter somebody on the page of duty."},
    },
}
