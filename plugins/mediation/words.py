"""The words of mediation that forms, pages, papers and figures share (DOMAIN 5.1 to 5.4)."""

#: The fifteen types of the yearly tables of the justice administration.
TYPES = {
    "marriage": "婚姻家庭", "neighbours": "邻里", "house": "房屋宅基地", "contract": "合同", "business": "生产经营",
    "damage": "损害赔偿", "land": "山林土地", "demolition": "征地拆迁", "environment": "环境污染", "labour": "劳动争议",
    "consumer": "消费", "medical": "医疗", "traffic": "道路交通事故", "property": "物业", "other": "其它",
}
CHANNELS = (
    ("found", "主动排查"), ("asked", "当事人申请"), ("court", "法院移送"), ("police", "公安移送"),
    ("petition", "信访移送"), ("administration", "行政机关移送"), ("grid", "网格转来"),
)
#: How the yearly tables group the channels; what is not named here came from somebody else (委托移送).
SOURCES = {"found": "主动调解", "asked": "依申请"}
HANDED_IN = "接受委托移送"

DIFFICULTIES = {"simple": "简单", "complex": "复杂", "hard": "疑难"}
RISKS = {"low": "低", "middle": "中", "high": "高"}
SIDES = {"applicant": "申请人", "respondent": "被申请人", "third": "第三人"}

#: 人民调解法第二十六条: what is told where mediation fails.
ROUTES = {"arbitration": "仲裁", "administration": "行政途径", "court": "向人民法院起诉"}
#: The lawful ways that a matter may be led to instead of mediation.
LAWFUL_WAYS = {
    "arbitration": "仲裁", "administration": "行政处理或行政裁决", "review": "行政复议", "court": "诉讼",
    "police": "公安机关处理", "petition": "信访",
}

ROUND_KINDS = {"door": "上门", "site": "现场", "apart": "背靠背", "together": "集中", "phone": "电话"}
RESULTS = {"agreed": "调解成功", "failed": "调解不成", "going": "待续"}
AGREEMENT_FORMS = {"written": "书面协议", "oral": "口头协议"}
PERFORMED = {"done": "已履行", "partly": "部分履行", "none": "未履行", "court": "已起诉"}
SATISFACTION = {"5": "满意", "3": "基本满意", "1": "不满意", "0": "没有表态"}
FOLLOW_UP_RISKS = {"none": "没有新的隐患", "again": "有反复或激化的隐患"}
COURT_RESULTS = {"confirmed": "裁定协议有效", "dismissed": "裁定驳回申请", "withdrawn": "撤回申请"}

COMMITTEE_KINDS = {"village": "村居", "town": "乡镇街道", "company": "企事业", "trade": "行业专业"}
TIMES = {"full": "专职", "part": "兼职"}
JOINED = {"member": "委员", "hired": "聘任"}
