"""What load data is called: real varieties, places and packs of the region, to be combined by chance."""

from dataclasses import dataclass

from market.catalogue.rules import Storage

Words = tuple[str, str]
"""Chinese and English."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A leaf category of produce: what grows, when it is sold, how it is packed and what it costs."""

    category: str
    motif: str
    storage: Storage
    shelf_life_days: int
    fen_per_kg: tuple[int, int]
    pack_grams: tuple[int, ...]
    sale: tuple[tuple[str, str], ...]
    varieties: tuple[Words, ...]


_CHILLED, _AMBIENT, _FROZEN = Storage.CHILLED, Storage.AMBIENT, Storage.FROZEN
_SEVERAL = (1000, 1500, 2500, 4000)
_SMALL = (100, 250, 500)

CROPS = (
    Crop("bayberry", "bayberry", _CHILLED, 3, (3000, 12000), _SEVERAL, (("06-01", "07-10"),), (
        ("荸荠种杨梅", "Biqi Bayberry"), ("东魁杨梅", "Dongkui Bayberry"), ("水晶杨梅", "White Crystal Bayberry"),
        ("早大种杨梅", "Early Bayberry"), ("大棚杨梅", "Greenhouse Bayberry"), ("炭梅种杨梅", "Charcoal Bayberry"),
    )),
    Crop("peach", "peach", _CHILLED, 5, (2000, 6000), _SEVERAL, (("06-20", "08-31"),), (
        ("玉露水蜜桃", "Yulu Honey Peach"), ("湖景蜜露水蜜桃", "Hujing Honey Peach"), ("白凤水蜜桃", "Baifeng Honey Peach"),
        ("迎庆水蜜桃", "Yingqing Honey Peach"), ("锦绣黄桃", "Jinxiu Yellow Peach"), ("油桃", "Nectarine"),
    )),
    Crop("citrus", "citrus", _AMBIENT, 20, (800, 5000), _SEVERAL, (("11-01", "02-10"),), (
        ("红美人柑橘", "Hongmeiren Citrus"), ("甘平柑橘", "Kanpei Citrus"), ("宫川蜜橘", "Miyagawa Mandarin"),
        ("由良蜜橘", "Yura Mandarin"), ("春香柑", "Haruka Citrus"), ("沃柑", "Orah Mandarin"),
    )),
    Crop("loquat", "loquat", _CHILLED, 4, (3000, 9000), _SEVERAL, (("05-10", "06-15"),), (
        ("宁海白枇杷", "White Loquat"), ("大红袍枇杷", "Dahongpao Loquat"), ("软条白沙枇杷", "Baisha Loquat"),
        ("大棚枇杷", "Greenhouse Loquat"),
    )),
    Crop("grape", "grape", _CHILLED, 6, (1200, 6000), _SEVERAL, (("06-25", "10-15"),), (
        ("巨峰葡萄", "Kyoho Grape"), ("阳光玫瑰葡萄", "Shine Muscat Grape"), ("夏黑葡萄", "Summer Black Grape"),
        ("鄞红葡萄", "Yinhong Grape"), ("醉金香葡萄", "Zuijinxiang Grape"),
    )),
    Crop("pear", "pear", _CHILLED, 15, (800, 2500), _SEVERAL, (("07-10", "10-20"),), (
        ("翠冠蜜梨", "Cuiguan Honey Pear"), ("黄花梨", "Huanghua Pear"), ("翠玉梨", "Cuiyu Pear"), ("秋月梨", "Akizuki Pear"),
    )),
    Crop("strawberry", "strawberry", _CHILLED, 2, (4000, 12000), (500, 1000, 1500), (("12-01", "04-20"),), (
        ("红颜草莓", "Benihoppe Strawberry"), ("章姬草莓", "Akihime Strawberry"), ("越心草莓", "Yuexin Strawberry"),
        ("建德白露草莓", "Bailu Strawberry"), ("粉玉草莓", "Fenyu Strawberry"),
    )),
    Crop("green-tea", "tea", _AMBIENT, 540, (40000, 160000), _SMALL, (), (
        ("望海绿茶", "Wanghai Green Tea"), ("瀑布仙茗", "Pubu Xianming Tea"), ("奉化曲毫", "Quhao Tea"),
        ("东海龙舌", "Longshe Tea"), ("白化茶", "White-leaf Tea"), ("高山云雾茶", "Mountain Mist Tea"),
    )),
    Crop("roots-shoots", "taro", _AMBIENT, 30, (600, 3000), _SEVERAL, (("03-01", "05-10"), ("09-01", "12-31")), (
        ("奉化芋艿头", "Taro Corm"), ("溪口雷笋", "Lei Bamboo Shoot"), ("毛竹春笋", "Spring Bamboo Shoot"),
        ("黄皮番薯", "Sweet Potato"), ("山地土豆", "Mountain Potato"),
    )),
    Crop("shellfish", "clam", _FROZEN, 90, (4000, 24000), (500, 1000, 2000), (("08-01", "04-30"),), (
        ("长街蛏子", "Changjie Razor Clam"), ("南田泥螺", "Mud Snail"), ("三门湾青蟹", "Mud Crab"),
        ("象山梭子蟹", "Swimming Crab"), ("花蛤", "Clam"), ("西店牡蛎", "Xidian Oyster"),
    )),
    Crop("rice-cake", "rice", _AMBIENT, 60, (1000, 3600), (500, 1000, 2500), (), (
        ("水磨年糕", "Stone-ground Rice Cake"), ("慈城年糕", "Cicheng Rice Cake"), ("宁波汤团", "Ningbo Rice Dumplings"),
        ("青麻糍", "Mugwort Rice Cake"), ("梁弄大糕", "Liangnong Cake"),
    )),
    Crop("honey", "honey", _AMBIENT, 540, (6000, 30000), (250, 500, 1000), (), (
        ("土蜂蜜", "Native Honey"), ("枇杷蜜", "Loquat Honey"), ("油菜花蜜", "Rapeseed Honey"), ("山花蜜", "Wildflower Honey"),
        ("柑橘蜜", "Citrus Honey"),
    )),
)  # fmt: skip
"""One in twelve products is of each."""

GRADES: tuple[Words, ...] = (
    ("特级", "Premium"), ("一级", "Grade A"), ("精选", "Selected"), ("农家", "Farmhouse"), ("生态", "Eco"),
    ("露天", "Open-field"), ("当季", "Seasonal"), ("统果", "Mixed Sizes"), ("礼盒", "Gift"), ("家庭装", "Family"),
)  # fmt: skip
SURNAMES: tuple[Words, ...] = (
    ("王", "Wang"), ("陈", "Chen"), ("张", "Zhang"), ("徐", "Xu"), ("周", "Zhou"), ("胡", "Hu"), ("沈", "Shen"),
    ("林", "Lin"), ("方", "Fang"), ("葛", "Ge"), ("竺", "Zhu"), ("邬", "Wu"), ("毛", "Mao"), ("鲍", "Bao"), ("岑", "Cen"),
)  # fmt: skip
GIVEN: tuple[Words, ...] = (
    ("阿根", "Agen"), ("国良", "Guoliang"), ("秀英", "Xiuying"), ("建军", "Jianjun"), ("美芬", "Meifen"),
    ("志远", "Zhiyuan"), ("小燕", "Xiaoyan"), ("海波", "Haibo"), ("仁康", "Renkang"), ("巧云", "Qiaoyun"),
)  # fmt: skip
HARMONIES: tuple[Words, ...] = (
    ("和丰", "Hefeng"), ("清溪", "Qingxi"), ("甬禾", "Yonghe"), ("晨露", "Chenlu"), ("东篱", "Dongli"),
    ("众兴", "Zhongxing"), ("金穗", "Jinsui"), ("山海", "Shanhai"), ("稻香", "Daoxiang"), ("青禾", "Qinghe"),
)  # fmt: skip
COUNTIES = {
    "330203": "Haishu", "330205": "Jiangbei", "330206": "Beilun", "330211": "Zhenhai", "330212": "Yinzhou",
    "330213": "Fenghua", "330225": "Xiangshan", "330226": "Ninghai", "330281": "Yuyao", "330282": "Cixi",
}  # fmt: skip
"""English names of the counties, by the first six digits of their code."""

TOURS: tuple[tuple[str, str, int, tuple[Words, ...]], ...] = (
    ("picking", "strawberry", 150, (("采摘半日", "Picking, Half Day"), ("亲子采摘", "Family Picking"))),
    ("study", "craft", 240, (("研学一日", "Farm School Day"), ("自然课堂", "Nature Class"))),
    ("stay", "homestay", 1320, (("民宿一宿", "Homestay Night"), ("山居两日", "Two Days in the Hills"))),
    ("seashore", "sea", 210, (("赶海", "Tidal Flat Walk"), ("渔船出海", "Fishing Boat Trip"))),
    ("tea-making", "tea", 180, (("采茶制茶", "Tea Picking and Firing"), ("围炉品茶", "Tea by the Stove"))),
    ("heritage", "village", 120, (("古村导览", "Old Village Walk"), ("祠堂夜话", "Evening in the Hall"))),
    ("camping", "camping", 960, (("星空露营", "Camping under Stars"), ("溪边露营", "Riverside Camping"))),
    ("feast", "feast", 150, (("农家宴", "Farmhouse Feast"), ("十六格年夜饭", "New Year Feast"))),
    ("handicraft", "bamboo", 120, (("竹编手作", "Bamboo Weaving"), ("年糕手作", "Rice Cake Making"))),
)
"""Leaf category, motif, minutes, names."""
