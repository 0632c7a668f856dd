"""The rules about ourselves.

SYSTEM-INGEST is judged by alerts/silence.py; of the others the troubles are found (JUDGE by
alerts/unjudged.py, TELLING and DUTY by alerts/sending/selfcheck.py) and become alerts in
alerts/trouble.py.
"""

from typing import Any

from alerts.rule_settings import SYSTEM

SYSTEM_INGEST = f"{SYSTEM}INGEST"
JUDGE, TELLING, DUTY = f"{SYSTEM}JUDGE", f"{SYSTEM}TELLING", f"{SYSTEM}DUTY"
BUILT_IN: dict[str, dict[str, Any]] = {
    SYSTEM_INGEST: {
        "code": SYSTEM_INGEST,
        "when": "ingest",
        "grade": "orange",
        "label": {"zh": "数据采集中断", "en": "Data collection interrupted"},
        "cause": {
            "zh": "采集进程停止、失去数据库或与消息服务器断开。",
            "en": "The ingest process stopped, or lost the database or the broker.",
        },
        "consequence": {
            "zh": "屏幕上的数值不再更新；各站的超限与中断暂时无法判断。",
            "en": "Values on screen stand still; no limit and no silence can be judged meanwhile.",
        },
        "action": {
            "zh": "通知系统管理员；恢复前以电话向重点站点核实。",
            "en": "Call the administrator; until it is back, check key stations by telephone.",
        },
        "call": {"zh": "系统管理员。", "en": "The administrator of this system."},
    },
    JUDGE: {
        "code": JUDGE,
        "when": "judge",
        "grade": "orange",
        "label": {"zh": "数据未经判定", "en": "Data not judged"},
        "cause": {
            "zh": "程序缺陷，或规则为其他版本的程序所写。",
            "en": "A defect of this program, or a rule written for another version of it.",
        },
        "consequence": {
            "zh": "所列站点或规则的超限暂时不会报警；数值仍在更新和保存。",
            "en": "No limit of the station or rule named raises an alert; values are still kept.",
        },
        "action": {
            "zh": "人工盯守所列站点的数值；将日志交系统管理员。",
            "en": "Watch the values named by eye; have the administrator read the log.",
        },
        "call": {"zh": "系统管理员。", "en": "The administrator of this system."},
    },
    TELLING: {
        "code": TELLING,
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
    DUTY: {
        "code": DUTY,
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
