"""Words that a listing may not use, or only with proof. A person looks at every text that has one.

Advertising Law of the PRC (广告法, 2021): article 9 (3) forbids superlatives such as 国家级, 最高级, 最佳; article 17
forbids medical claims for what is no medicine; article 18 forbids health food to promise effects; article 28 calls what
misleads false. Ways to reach a seller past the marketplace are looked at too: what is paid elsewhere is not protected.
"""

import re

SUPERLATIVES = (
    "国家级", "世界级", "最高级", "最佳", "最好", "最优", "最大", "最便宜", "最低价", "最先进", "最正宗", "第一品牌",
    "全国第一", "全网第一", "销量第一", "顶级", "极品", "绝无仅有", "独一无二", "史无前例", "万能", "百分之百", "100%",
    "特供", "专供", "国家免检", "驰名商标",
)  # fmt: skip
MEDICAL = (
    "治疗", "治愈", "疗效", "药效", "药到病除", "根治", "防癌", "抗癌", "抗肿瘤", "降血压", "降血糖", "降血脂", "降三高",
    "消炎", "杀菌", "解毒", "排毒", "壮阳", "补肾", "减肥", "瘦身", "延年益寿", "包治", "祛斑", "抗衰老", "增强免疫力",
    "提高免疫力", "预防疾病", "替代药物", "无副作用",
)  # fmt: skip
CONTACTS = ("微信", "加微", "威信", "vx", "wechat", "qq", "淘宝", "拼多多", "抖音", "私聊", "扫码")

_ADDRESS = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|https?://|www\.|[\w.+-]+@[\w-]+\.\w")
_LATIN = re.compile(r"[a-z]+")


def risky_words(text: str) -> list[str]:
    """The words in a text that a person must look at, in the order of the lists; phone numbers and addresses are named
    as what they are, never quoted.

    >>> risky_words("全国第一的杨梅，可降血压")
    ['全国第一', '降血压']
    >>> risky_words("电话 13800001234")
    ['CONTACT']
    """
    folded = text.lower()
    latin = set(_LATIN.findall(folded))
    found = [
        word
        for word in (*SUPERLATIVES, *MEDICAL, *CONTACTS)
        if (word in latin if _LATIN.fullmatch(word) else word in folded)
    ]
    return [*found, "CONTACT"] if _ADDRESS.search(folded) else found
