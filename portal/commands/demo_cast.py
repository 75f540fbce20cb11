"""The people of the demo: who they are, what they may do, what a visitor should try with them. All are invented."""

from dataclasses import dataclass

COUNTY = "510722000000"
TOWN, NEIGHBOUR_TOWN = "510722104000", "510722101000"
VILLAGE, NEIGHBOUR, FAR_VILLAGE = "510722104204", "510722104203", "510722101002"

#: The towns that have not enabled anything yet, so that what "not enabled" looks like can be seen.
WITHOUT_PLUGINS = ("510722201000", "510722204000")
QUIET_TOWN = WITHOUT_PLUGINS[0]


@dataclass(frozen=True)
class At:
    """A post: the unit by its code, or a department by the code of the unit that it hangs under and its name."""

    unit: str
    role: str
    department: str = ""


@dataclass(frozen=True)
class Person:
    login: str
    name: str
    posts: tuple[At, ...]
    hint: str


CAST = (
    Person("huaguang", "李秀英", (At(VILLAGE, "window"),), "华光村窗口：给村民收件，打印收件回执，办结后登记评价"),
    Person(
        "huaguang2", "张国强", (At(VILLAGE, "village_staff"), At(VILLAGE, "mediator")),
        "华光村干部，两个岗位：右上角切换；与 huaguang 同时改一件，看后到的人怎么办",
    ),
    Person("yingfeng", "王桂兰", (At(NEIGHBOUR, "window"),), "邻村窗口：看不到华光村的件，网址也打不开"),
    Person("laoxi", "陈建华", (At(FAR_VILLAGE, "window"),), "外镇社区窗口：只有自己的社区"),
    Person(
        "tashan", "刘德明", (At(TOWN, "town_staff", "便民服务中心"),), "塔山镇便民服务中心：审核村里转报的件，再报县里"
    ),
    Person("tashan2", "赵晓芳", (At(TOWN, "window", "便民服务中心"),), "塔山镇大厅窗口：任何窗口都能收任何事项"),
    Person(
        "zhucun", "周勇", (At(TOWN, "town_staff"), At(VILLAGE, "village_staff")),
        "驻村干部，镇、村各一个岗位：切换岗位，看到的范围跟着变",
    ),
    Person("wangge", "蒋天福", (At(VILLAGE, "grid_worker"),), "华光村网格员：巡查、走访，看到的事用手机上报"),
    Person("tiaojie", "唐世容", (At(VILLAGE, "mediator"),), "华光村调解员：登记纠纷、上门、写协议、回访"),
    Person("zongzhi", "曹阳", (At(TOWN, "town_staff", "综治中心"),), "塔山镇综治中心：分流网格的事，接村里的难纠纷"),
    Person("sifasuo", "宋建国", (At(TOWN, "town_staff", "司法所"),), "塔山镇司法所：指导调解，看得到全镇纠纷的内容"),
    Person("tashan-admin", "吴敏", (At(TOWN, "town_admin"),), "塔山镇管理员：启用、停用本镇的平台"),
    Person("tashan-leader", "郑伟", (At(TOWN, "leader"),), "塔山镇领导：看全镇的数字和亮灯，批示、催办"),
    Person("tongchuan", "孙丽", (At(NEIGHBOUR_TOWN, "town_staff"),), "潼川镇工作人员：邻镇的件一件也看不到"),
    Person(
        "zhongxiao", "何平", (At(QUIET_TOWN, "town_staff"),), "忠孝乡还没有启用任何平台：菜单里没有，网址是 404"
    ),
    Person("minzheng", "杨静", (At(COUNTY, "county_staff", "民政局"),), "县民政局：只看得到民政条线的件，作出决定"),
    Person("shenpi", "黄涛", (At(COUNTY, "county_staff", "行政审批服务局"),), "行政审批服务局：看全县的件和时限"),
    Person(
        "zongzhi-county", "冉启明", (At(COUNTY, "county_staff", "政法委（综治中心）"),),
        "县综治中心：批延期、改派退单、会商指定",
    ),
    Person("sifaju", "韩梅", (At(COUNTY, "county_staff", "司法局"),), "县司法局：全县的纠纷和调解组织"),
    Person("county-leader", "徐志远", (At(COUNTY, "leader"),), "县领导：全县的数字、亮红灯的件"),
    Person("sys-admin", "马骏", (At(COUNTY, "system_admin"),), "系统管理员：账号、单位、插件；看不到任何一件"),
    Person("sec-admin", "罗兰", (At(COUNTY, "security_admin"),), "安全管理员：角色与权限"),
    Person("audit-admin", "梁宽", (At(COUNTY, "audit_admin"),), "审计管理员：只看审计记录"),
)

#: The colleagues of the cast: they have done part of the work that the demo shows; nobody signs in as one of them.
COLLEAGUES = (
    ("蒲国清", At("510722104003", "window")),
    ("邱素容", At("510722104201", "window"), At("510722104201", "village_staff")),
    ("文世军", At("510722104206", "window")),
    ("赖永贵", At("510722101003", "window")),
    ("龙碧君", At("510722101005", "window")),
    ("向天福", At("510722106202", "window")),
    ("严玉兰", At("510722107226", "window")),
    ("贺开明", At("510722141204", "window")),
    ("代兴淑", At(VILLAGE, "village_staff")),
    ("邓开贵", At("510722101003", "village_staff"), At("510722101003", "mediator")),
    ("秦素华", At("510722106202", "village_staff"), At("510722106202", "mediator")),
    ("雷泽民", At("510722141204", "village_staff"), At("510722141204", "mediator")),
    ("龚朝军", At("510722101003", "grid_worker")),
    ("幸光荣", At("510722106202", "grid_worker")),
    ("敬学良", At("510722141204", "grid_worker")),
    ("苟永福", At("510722101000", "town_staff", "综治中心")),
    ("帅国英", At("510722141000", "town_staff", "综治中心")),
    ("尹朝秀", At(TOWN, "town_staff", "便民服务中心")),
    ("侯德平", At("510722101000", "town_staff", "便民服务中心")),
    ("孟芳", At("510722106000", "town_staff", "便民服务中心")),
    ("段学军", At("510722107000", "town_staff", "便民服务中心")),
    ("江文彬", At("510722141000", "town_staff", "便民服务中心")),
    ("汤永珍", At(COUNTY, "county_staff", "人力资源和社会保障局")),
    ("黎志强", At(COUNTY, "county_staff", "医疗保障局")),
    ("易国容", At(COUNTY, "county_staff", "卫生健康局")),
    ("常大全", At(COUNTY, "county_staff", "残疾人联合会")),
    ("武兰", At(COUNTY, "county_staff", "公安局")),
    ("乔兴发", At(COUNTY, "county_staff", "农业农村局")),
    ("赖文清", At(COUNTY, "county_staff", "司法局")),
    ("龚玉莲", At(COUNTY, "county_staff", "退役军人事务局")),
    ("施云", At(COUNTY, "county_staff", "市场监督管理局")),
    ("柳全", At(COUNTY, "county_staff", "住房和城乡建设局")),
    ("郝建军", At("510722101000", "town_staff", "司法所")),
    ("骆永红", At("510722106000", "town_staff", "司法所")),
    ("米德昌", At("510722107000", "town_staff", "司法所")),
    ("戚国才", At("510722141000", "town_staff", "司法所")),
    ("舒玉华", At("510722104003", "village_staff")),
    ("岳天明", At("510722104206", "village_staff")),
    ("车泽芳", At("510722101005", "village_staff")),
    ("詹大开", At("510722107226", "village_staff")),
    ("伏清贵", At(NEIGHBOUR, "village_staff")),
    ("阳素琼", At(COUNTY, "county_staff", "教育和体育局")),
    ("鲜国林", At(COUNTY, "county_staff", "林业局")),
    ("补志安", At(COUNTY, "county_staff", "应急管理局")),
)
STAFF = tuple(
    Person(f"staff-{number:02d}", name, tuple(posts), "") for number, (name, *posts) in enumerate(COLLEAGUES, 1)
)
