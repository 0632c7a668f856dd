"""What can be wrong with a CAP message, each a sentence in both languages: what, and the remedy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """where: the element, as `info[0].area[0].polygon[1]`; code: a word for programs."""

    where: str
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def say(self) -> dict[str, str]:
        zh, en = SENTENCES[self.code]
        return {"zh": zh.format(**self.values), "en": en.format(**self.values)}

    def __str__(self) -> str:
        return f"{self.where}: {self.say()['en']}"


# A straight table: code -> Chinese, English.
SENTENCES: dict[str, tuple[str, str]] = {
    # the document
    "too_long": (
        "文件有 {size} 字节，最多 {most}",
        "the document has {size} bytes; {most} are the most",
    ),
    "not_xml": ("不是格式良好的 XML：{error}", "this is no well-formed XML: {error}"),
    "dtd": (
        "含有 DTD 或实体声明，CAP 不需要；请去掉",
        "it declares a DTD or entities, which CAP has no use for; leave them out",
    ),
    "namespace": (
        "根元素是 {found}，应为命名空间 {wanted} 中的 alert（CAP 1.2）",
        "the root is {found}; expected alert of the namespace {wanted} (CAP 1.2)",
    ),
    "unknown_element": (
        "这里没有元素 {found}；可以有：{wanted}",
        "there is no element {found} here; there may be {wanted}",
    ),
    "order": (
        "{found} 应在 {before} 之前；顺序由标准规定",
        "{found} must stand before {before}: the standard fixes the order",
    ),
    "twice": ("{found} 出现了两次，只能有一次", "{found} is there twice; once is the most"),
    "missing": ("缺少必需的 {wanted}", "{wanted} is missing; it is required"),
    "word": (
        "“{found}”不是允许的值；区分大小写，可用：{wanted}",
        "{found!r} is none of the values, case matters; there are {wanted}",
    ),
    "time": (
        "“{found}”不是 CAP 时间；应如 2026-11-22T03:14:00+08:00，带偏移，不写 Z，不带小数秒",
        "{found!r} is no time of CAP; write 2026-11-22T03:14:00+08:00: offset, no Z, no fractions",
    ),
    "number": ("“{found}”不是数", "{found!r} is no number"),
    "pair": (
        "“{found}”不是“纬度,经度”；应如 29.88,121.85",
        "{found!r} is no `latitude,longitude`; write it as 29.88,121.85",
    ),
    "circle": (
        "“{found}”不是圆；应如 29.88,121.85 1.5（纬度,经度 半径 km）",
        "{found!r} is no circle; write it as 29.88,121.85 1.5: latitude,longitude, radius in km",
    ),
    "reference": (
        "“{found}”不是引用；应为 sender,identifier,sent",
        "{found!r} is no reference; write sender,identifier,sent",
    ),
    # text
    "empty": (
        "是空的；请填写，或去掉这个元素",
        "it is empty; fill it in, or leave the element out",
    ),
    "control": (
        "含有 XML 不能携带的字符（U+{found:04X}）；请删除",
        "it has a character that XML cannot carry (U+{found:04X}); take it out",
    ),
    "turning": (
        "含有改变后文书写方向的字符（U+{found:04X}）；请删除",
        "it has a character that turns the direction of what follows (U+{found:04X}); take it out",
    ),
    "line_end": (
        "换行应为 LF，不能含 CR（XML 会改变它）",
        "lines end with LF; XML would change the CR in it",
    ),
    "html": (
        "含有 HTML 标记 {found}；CAP 的文字是纯文本",
        "it has the HTML tag {found}; texts of CAP are plain",
    ),
    "characters": (
        "“{found}”含有空格、逗号、< 或 &；不允许",
        "{found!r} has a space, a comma, < or &; none may be in it",
    ),
    "quote": ("“{found}”含有引号；不允许", "{found!r} has a quotation mark; none may be in it"),
    "language": (
        "“{found}”不是语言标签；应如 zh-CN、en-US（RFC 3066，用连字符）",
        "{found!r} is no language tag; write zh-CN or en-US (RFC 3066, with a hyphen)",
    ),
    "uri": (
        "“{found}”不是完整的网址；应以 https:// 等开头，非 ASCII 字符用百分号编码",
        "{found!r} is no absolute address; begin with https://, percent-encode what is not ASCII",
    ),
    "relative_uri": (
        "uri“{found}”是相对地址，又没有 derefUri；请写完整网址或附上内容",
        "the uri {found!r} is relative, without a derefUri; write it whole, or carry the content",
    ),
    "mime_type": (
        "“{found}”不是 MIME 类型；应如 image/png",
        "{found!r} is no MIME type; write it as image/png",
    ),
    "digest": (
        "不是 SHA-1：应为 40 个十六进制字符",
        "this is no SHA-1: it has 40 hexadecimal digits",
    ),
    "size": ("大小不能为负：{found}", "a size cannot be negative: {found}"),
    # how the parts go together
    "no_category": ("至少要有一个类别", "at least one category is required"),
    "no_references": (
        "{found} 必须引用它更新或取消的全部先前消息",
        "a message of type {found} must refer to every earlier message that it is about",
    ),
    "circular": ("引用了自己", "it refers to itself"),
    "later_reference": (
        "引用的消息（{found}）比本消息晚",
        "it refers to a message sent later than itself ({found})",
    ),
    "twice_referred": ("同一消息引用了两次：{found}", "it refers to {found} twice"),
    "no_restriction": (
        "scope 为 Restricted 时必须写 restriction",
        "the scope is Restricted: say in `restriction` to whom it is restricted",
    ),
    "restriction": (
        "scope 为 {found}；只有 Restricted 才有 restriction",
        "there is a restriction, but the scope is {found}; only Restricted has one",
    ),
    "no_addresses": (
        "scope 为 Private 时必须写 addresses",
        "the scope is Private: name the recipients in `addresses`",
    ),
    "no_note": (
        "Error 消息须在 note 中说明错误",
        "a message of type Error says in `note` what was wrong",
    ),
    "expires_before": (
        "失效时间 {found} 不晚于{name_zh} {other}",
        "it expires at {found}, which is not after {name_en} ({other})",
    ),
    "unlike": (
        "与第一个语言块的 {names} 不同；各语言必须说同一件事",
        "{names} differ from those of the first language; every language must say the same",
    ),
    # places
    "open_ring": (
        "多边形未闭合：首点 {first}，末点 {last}；应相同",
        "the polygon is open: it begins at {first} and ends at {last}; they must be the same",
    ),
    "short_ring": (
        "多边形只有 {found} 个点；闭合后至少 4 个",
        "the polygon has {found} points; closed it has 4 or more",
    ),
    "latitude": (
        "纬度 {found} 超出 −90 至 90；顺序是“纬度,经度”",
        "the latitude {found} is not within -90 and 90; the order is `latitude,longitude`",
    ),
    "longitude": (
        "经度 {found} 超出 −180 至 180；顺序是“纬度,经度”",
        "the longitude {found} is not within -180 and 180; the order is `latitude,longitude`",
    ),
    "crossing": (
        "多边形自相交（第 {one} 边与第 {other} 边）",
        "the polygon crosses itself: its sides {one} and {other}",
    ),
    "radius": (
        "半径 {found} km 不对；应为 0 至 20037 km",
        "the radius {found} km cannot be; it is between 0 and 20037 km",
    ),
    "ceiling": (
        "ceiling {found} 低于 altitude {other}",
        "the ceiling {found} is below the altitude {other}",
    ),
    "ceiling_alone": ("有 ceiling 必须有 altitude", "a ceiling needs an altitude"),
    # what the house asks beside the standard (alerts/warnings/compose.py)
    "no_text": ("请填写（中文和英文都要）", "write it, in Chinese and in English"),
    "too_many_letters": (
        "有 {found} 个字符，最多 {most}",
        "it has {found} characters; {most} are the most",
    ),
    "no_expiry": ("请给出失效时间", "say until when it holds"),
    "no_area": ("请画出范围，或给出地点和半径", "draw the area, or give a place and a radius"),
    "no_surface": ("多边形没有面积", "the polygon encloses nothing"),
    "many_points": (
        "多边形有 {found} 个点，最多 {most}",
        "the polygon has {found} points; {most} are the most",
    ),
    "far_away": (
        "范围距本区 {found} km；请核对“经度、纬度”是否颠倒",
        "the area is {found} km from the district; are longitude and latitude in the right order?",
    ),
    "expired": (
        "失效时间 {found} 已过（现在 {now}）；请改为将来的时间",
        "it expires at {found} and it is {now} now; give a time to come",
    ),
    "over": (
        "所更新或解除的预警已不在生效中；请新写一条预警",
        "the warning that this follows is no longer in force; write a new one",
    ),
    "too_long_valid": (
        "有效期到 {found}，超过 {most} 小时；请缩短，到时可更新",
        "it is valid until {found}, over {most} hours; make it shorter, it can be updated then",
    ),
    "other_status": (
        "本事件的首条消息是 {found}；更新和解除须相同",
        "the first message of this event is {found}; updates and the cancel are the same",
    ),
    "not_actual": (
        "所依据的告警是{zh}数据，状态不能是 Actual；请用 Exercise 或 Test",
        "the alert behind it is {en} data: the status cannot be Actual; use Exercise or Test",
    ),
}
