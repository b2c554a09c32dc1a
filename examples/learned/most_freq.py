"""most_freq: a program learned by pellucid (seed 0).

Accuracy on train data (tokens, whole sequences): 79.01%, 23.64%.
Accuracy on valid data (tokens, whole sequences): 79.09%, 23.50%.
Accuracy on test data (tokens, whole sequences): 78.96%, 24.17%.
Verified: trained model, intermediate form and this text: all 335,922 possible
  inputs agree.
Tokens: 0, 1, 2, 3, 4, 5.
Labels: 0, 1, 2, 3, 4, 5, "<s>".
Longest input: 7 tokens.

Use: run([...]), or: python program.py TOKEN ..., or: python program.py --jsonl"""

from __future__ import annotations

import json
import sys

SYMBOLS = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5}
MAX_LENGTH = 7
WANTED_BY_TOKEN_BY_TOKEN = {0: 3}
WANTED_BY_TOKEN_BY_TOKEN_2 = {0: 5, 1: 3, 2: None, 7: None}
WANTED_BY_TOKEN_BY_POSITION = {2: (2, 3), 3: (0,), 4: (), 5: (7,), 6: (6,), 7: (5,)}
WANTED_BY_TOKEN_BY_POSITION_2 = {
    0: (7,), 1: (2,), 4: (0,), 5: (5, 6), 6: (1, 7), 7: (6,),
}  # fmt: skip
WANTED_BY_TOKEN_BY_POSITION_3 = {1: (1, 3), 2: (2,)}
WANTED_BY_TOKEN_BY_POSITION_4 = {2: (1,), 4: (), 5: (5, 7), 6: (2, 6, 7), 7: (1,)}
WANTED_BY_TOKEN_COUNT = {0: (3,), 1: (3,), 7: (0, 2, 4)}
WANTED_BY_TOKEN_COUNT_2 = {1: 5, 2: None, 3: None, 4: None}
WANTED_BY_TOKEN_COUNT_3 = {0: None, 1: 2, 7: None}
RULE = {
    (0, 0): 3, (0, 1): 10, (0, 2): 1, (0, 3): 4, (0, 4): 10, (0, 5): 1, (1, 0): 10,
    (1, 1): 1, (1, 3): 10, (2, 1): 3, (2, 2): 9, (2, 3): 1, (2, 4): 1, (2, 5): 7,
    (2, "<s>"): 9, (3, 0): 9, (3, 1): 9, (3, 2): 8, (3, 3): 0, (3, 4): 5, (3, 5): 8,
    (3, "<s>"): 10, (4, 0): 7, (4, 1): 5, (4, 2): 7, (4, 3): 8, (4, 4): 3, (4, 5): 8,
    (5, 0): 6, (5, 1): 9, (5, 2): 1, (5, 3): 11, (5, 4): 11, (5, 5): 3, (5, "<s>"): 10,
    ("<s>", 1): 3, ("<s>", 2): 3, ("<s>", 3): 4, ("<s>", 4): 3, ("<s>", 5): 3,
}  # fmt: skip
POSITION_RULE = {4: 7, 5: 2, 6: 5, 7: 5}
RULE_2 = {
    (0, 0): 8, (0, 1): 8, (0, 2): 9, (0, 3): 9, (0, 4): 9, (0, 5): 8, (0, "<s>"): 8,
    (1, "<s>"): 9, (2, 1): 8, (2, 2): 8, (3, 0): 9, (3, 1): 9, (3, 2): 4, (3, 3): 1,
    (3, 4): 9, (3, 5): 9, (4, "<s>"): 9, (5, 0): 9, (5, 1): 8, (5, 3): 8, (5, 5): 8,
    (6, 0): 4, (6, 1): 9, (6, 2): 4, (6, 3): 4, (6, 4): 9, (6, 5): 4, (7, 0): 4,
    (7, 3): 4, (7, 4): 1, (7, 5): 4,
}  # fmt: skip
RULE_3 = {
    (1, 3): 0, (1, 5): 5, (3, 5): 5, (5, 0): 2, (5, 1): 2, (5, 2): 2, (5, 3): 2,
    (5, 4): 2, (5, 5): 2, ("<s>", 5): 5,
}  # fmt: skip
RULE_4 = {
    (0, 0): 7, (0, 1): 8, (0, 2): 0, (0, 3): 1, (0, 4): 1, (1, 0): 7, (1, 1): 7,
    (1, 2): 2, (1, 3): 1, (1, 4): 7, (1, 5): 1, (2, 0): 7, (2, 3): 1, (2, 4): 1,
    (3, 1): 7, (3, 2): 0, (3, 3): 0, (4, 0): 2, (4, 1): 0, (4, 2): 8, (4, 3): 7,
    (5, 0): 0, (5, 1): 0, (5, 2): 8,
}  # fmt: skip
RULE_5 = {
    (0, 3): 2, (0, 4): 10, (0, 5): 1, (1, 0): 9, (1, 1): 9, (1, 2): 9, (1, 3): 10,
    (1, 4): 0, (1, 5): 9, (1, 6): 10, (2, 2): 0, (2, 3): 0, (2, 4): 0, (3, 2): 9,
    (3, 3): 9, (3, 4): 0, (4, 2): 9, (7, 0): 0,
}  # fmt: skip
WANTED_BY_HEAD = {
    1: (), 7: (0, 1, 2, 3, 4, 5, "<s>"), 8: (0, 4, 5, "<s>"),
    11: (0, 2, 3, 4, 5, "<s>"),
}  # fmt: skip
WANTED_BY_RULE_BY_RULE_2 = {1: (0,), 4: (0, 1, 9), 8: (0, 1, 4), 9: (0, 1, 4, 8)}
WANTED_BY_HEAD_2 = {1: (6,), 4: (0, 3, 7), 8: (1, 7), 9: (6, 7)}
WANTED_BY_HEAD_3 = {0: "<s>"}
WANTED_BY_HEAD_4 = {
    1: (3,), 2: (), 3: (5,), 4: (4,), 5: (0, 1, 4, "<s>"), "<s>": ("<s>",),
}  # fmt: skip
WANTED_BY_TOKEN_COUNT_4 = {1: "<s>", 2: 2, "<s>": 2}
WANTED_BY_TOKEN_COUNT_5 = {1: "<s>", "<s>": None}
WANTED_BY_TOKEN_COUNT_6 = {3: 4, "<s>": "<s>"}
RULE_6 = {
    (0, 0): 3, (0, 1): 8, (0, 3): 8, (0, 4): 8, (0, 5): 6, (0, "<s>"): 8, (1, 0): 6,
    (1, 1): 9, (1, 2): 1, (1, 3): 1, (1, 4): 7, (1, 5): 1, (1, "<s>"): 3, (2, 0): 6,
    (2, 1): 2, (2, 2): 2, (2, 3): 6, (2, 4): 8, (2, 5): 7, (2, "<s>"): 1, (3, 0): 6,
    (3, 1): 6, (3, 2): 6, (3, 4): 3, (3, 5): 2, (3, "<s>"): 2, (4, 0): 5, (4, 1): 3,
    (4, 2): 0, (4, 3): 1, (4, 4): 7, (4, 5): 10, (4, "<s>"): 1, (5, 1): 0, (5, 2): 2,
    (5, 3): 10, (5, 4): 2, (5, 5): 5, (6, 0): 6, (6, 1): 8, (6, 2): 1, (6, 3): 8,
    (6, 4): 1, (6, 5): 5, (6, "<s>"): 7, (7, 1): 7, (7, 2): 3, (7, 3): 9, (7, 4): 9,
    (7, 5): 3, (8, 0): 6, (8, 2): 6, (8, 3): 9, (8, 4): 6, (9, 1): 0, (9, 2): 3,
    (9, 4): 1, (9, 5): 5, (9, "<s>"): 2, (10, 0): 6, (10, 2): 1, (10, 4): 5, (10, 5): 8,
    (10, "<s>"): 1, (11, 0): 9, (11, 1): 7, (11, 3): 6, (11, 4): 5, (11, "<s>"): 5,
}  # fmt: skip
RULE_7 = {
    (0, 1): 11, (0, 7): 5, (1, 1): 0, (2, 1): 10, (9, 1): 3, (9, 2): 3, (10, 1): 3,
}  # fmt: skip
RULE_8 = {
    (0, 0): 6, (0, 1): 1, (0, 2): 1, (0, 3): 4, (0, 4): 1, (0, 5): 1, (1, 0): 6,
    (1, 1): 5, (1, 2): 5, (1, 3): 3, (1, 4): 7, (1, 5): 3, (1, 6): 1, (2, 1): 2,
    (2, 2): 2, (2, 3): 1, (3, 0): 2, (3, 1): 3, (3, 2): 2, (3, 3): 9, (4, 0): 2,
    (4, 1): 8, (5, 1): 5,
}  # fmt: skip
WANTED_BY_HEAD_5 = {2: 2, 3: 6, 4: 1, 5: 1, 7: 3}
WANTED_BY_HEAD_4_BY_POSITION_RULE = {0: 0}
WANTED_BY_RULE_4_BY_RULE_2 = {1: 0}
WANTED_BY_HEAD_7 = {1: (1,), 2: (0, 2), 3: (3,), 4: (4,), 5: (5,)}
WANTED_BY_RULE_3_BY_POSITION_RULE_2 = {1: 0, 2: 7, 7: 7}
WANTED_BY_TOKEN_COUNT_7 = {2: "<s>", "<s>": None}
WANTED_BY_TOKEN_COUNT_8 = {3: 0, "<s>": "<s>"}
WANTED_BY_TOKEN_COUNT_9 = {4: None, "<s>": None}
RULE_9 = {
    (1, 0): 5, (1, 9): 5, (2, 0): 11, (2, 8): 0, (2, 9): 0, (3, 8): 11, (4, 8): 11,
    (5, 8): 11, (6, 0): 9, (6, 8): 6, (6, 9): 0, (7, 0): 5, (7, 8): 11, (7, 9): 11,
}  # fmt: skip
RULE_10 = {
    (0, 0): 3, (0, 3): 1, (0, 4): 5, (0, 5): 6, (0, "<s>"): 1, (1, 1): 6, (1, 2): 3,
    (1, 3): 4, (1, 4): 5, (1, "<s>"): 4, (2, 0): 6, (2, 1): 4, (2, 2): 3, (2, 4): 1,
    (2, "<s>"): 3, (3, 0): 4, (3, 2): 4, (3, 3): 3, (3, 4): 6, (3, 5): 4, (3, "<s>"): 5,
    (4, 0): 1, (4, 3): 4, (4, 4): 1, (4, 5): 6, (4, "<s>"): 5, (5, 0): 1, (5, 2): 6,
    (5, 3): 4, (5, 5): 1, (5, "<s>"): 4, ("<s>", 1): 4, ("<s>", 2): 5, ("<s>", 3): 6,
    ("<s>", 4): 1, ("<s>", 5): 6, ("<s>", "<s>"): 3,
}  # fmt: skip
RULE_11 = {(2, 2): 4, (6, 2): 6}
RULE_12 = {
    (0, 0): 8, (0, 4): 1, (1, 0): 3, (1, 1): 9, (1, 2): 9, (1, 3): 9, (1, 4): 9,
    (2, 1): 3, (2, 2): 9, (3, 3): 9, (4, 4): 9, (5, 5): 9, (6, 6): 9, (7, 7): 1,
}  # fmt: skip
RULE_13 = {
    (0, 0): 8, (0, 4): 1, (0, 5): 8, (0, 6): 0, (1, 0): 8, (1, 3): 8, (1, 4): 8,
    (2, 0): 8, (2, 3): 8, (2, 4): 8, (3, 0): 0, (3, 3): 0, (3, 4): 1, (4, 4): 0,
    (5, 0): 8, (5, 5): 0, (6, 0): 8,
}  # fmt: skip
# Evidence of each value for these labels, in this order.
OUTPUT_LABELS = (0, 1, 2, 3, 4, 5, "<s>")
OUTPUT_BIAS = (150481, 187916, 117034, 104992, 114579, 92989, 0)
OUTPUT_BY_TOKENS = {
    1: (0, 34930, 32368, 35707, 32714, 29958, 71849),
    2: (0, 29861, 33015, 35209, 31463, 28440, 68946),
    3: (0, 31591, 31273, 37438, 31409, 28602, 67930),
    4: (0, 29590, 29670, 33940, 34097, 27888, 69536),
    5: (0, 29890, 30070, 32552, 30356, 27791, 73146),
}  # fmt: skip
NO_EVIDENCE = (0, 0, 0, 0, 0, 0, 0)
OUTPUT_BY_TOKEN_BY_TOKEN = {
    3: (0, 31197, 30868, 34513, 30586, 29220, 70633),
    "<s>": (0, 32172, 31083, 32117, 31623, 30026, 79160),
}  # fmt: skip
OUTPUT_BY_TOKEN_BY_TOKEN_2 = {
    3: (9131, 0, 19647, 32266, 22341, 28144, 37461),
    "<s>": (24016, 0, 26575, 27058, 27132, 25310, 73092),
}  # fmt: skip
OUTPUT_BY_TOKEN_BY_POSITION = {
    1: (0, 19623, 9850, 10162, 10069, 13317, 5188),
    2: (0, 13795, 22513, 12466, 12879, 15852, 5705),
    3: (0, 12502, 13408, 25158, 12619, 14052, 11153),
    4: (0, 12132, 12391, 11212, 23208, 13464, 8220),
    5: (0, 13764, 7281, 10920, 9820, 23990, 7243),
    "<s>": (0, 13291, 11880, 12934, 13844, 19838, 19164),
}  # fmt: skip
OUTPUT_BY_TOKEN_BY_POSITION_2 = {
    1: (0, 20926, 12251, 10422, 9680, 11456, 8932),
    2: (0, 6425, 14743, 6020, 6868, 6733, 3911),
    3: (0, 6807, 7248, 14677, 7026, 8095, 3558),
    4: (0, 5998, 7026, 6010, 18380, 6512, 3288),
    5: (0, 8657, 6634, 5575, 8001, 15782, 8600),
    "<s>": (13219, 26657, 32279, 28768, 25906, 39903, 0),
}  # fmt: skip
OUTPUT_BY_TOKEN_BY_POSITION_3 = {
    1: (16171, 26651, 0, 23727, 25292, 23371, 30834),
    2: (154, 9939, 0, 9415, 11464, 8793, 14505),
    3: (0, 6763, 9606, 12301, 10334, 10902, 11672),
    4: (0, 9452, 9669, 8212, 12426, 11141, 10),
    5: (0, 6168, 8140, 8856, 7913, 17710, 1079),
    "<s>": (3637, 0, 8135, 20724, 6454, 23085, 79336),
}  # fmt: skip
OUTPUT_BY_TOKEN_BY_POSITION_4 = {
    1: (0, 7210, 654, 1651, 2759, 2387, 5518),
    2: (1365, 3281, 9361, 2484, 1036, 2717, 0),
    3: (1118, 1215, 3396, 5144, 0, 2191, 767),
    4: (2263, 4258, 0, 1698, 23150, 2743, 138), 5: (1756, 154, 2513, 0, 1248, 12, 2344),
    "<s>": (11176, 21573, 16253, 10389, 21894, 12514, 0),
}  # fmt: skip
OUTPUT_BY_RULE = {
    1: (7288, 1194, 8787, 13870, 0, 4693, 5428),
    2: (8346, 3587, 9800, 13562, 0, 4916, 8411),
    3: (2775, 1597, 6021, 13089, 0, 1522, 6070),
    4: (9065, 4561, 4879, 13417, 0, 6015, 6508),
    5: (4130, 0, 5950, 12375, 2702, 644, 5210),
    6: (5411, 709, 3676, 10008, 0, 3912, 2955),
    7: (7087, 0, 12138, 13228, 7565, 5719, 4586),
    8: (4083, 0, 8263, 12788, 6256, 3551, 5513),
    9: (4168, 0, 585, 10269, 50, 693, 7832),
    10: (8289, 4260, 4933, 10959, 0, 2739, 6180),
    11: (6828, 0, 3086, 15054, 1541, 7795, 3967),
}  # fmt: skip
OUTPUT_BY_POSITION_RULE = {
    2: (4305, 6864, 7306, 0, 3284, 521, 65381),
    5: (2333, 0, 1405, 449, 1721, 4901, 90719),
    7: (4246, 16269, 7938, 0, 12436, 4295, 40089),
}  # fmt: skip
OUTPUT_BY_RULE_5 = {
    1: (6934, 8361, 0, 5377, 6782, 3679, 5267),
    2: (8968, 7133, 0, 5940, 8637, 5075, 5800),
    8: (9698, 8637, 0, 6435, 945, 8780, 14197),
    9: (6831, 7471, 0, 11056, 10496, 5388, 5216),
    10: (7314, 5540, 625, 4535, 9728, 0, 4585),
}  # fmt: skip
OUTPUT_BY_HEAD = {
    1: (15186, 19444, 15779, 17518, 17394, 0, 12784),
    2: (5691, 5986, 5373, 3625, 6924, 0, 9207),
    7: (10450, 11169, 10713, 14722, 11699, 0, 16138),
    8: (11471, 11699, 10471, 0, 13597, 2999, 1102),
    11: (8027, 7177, 5381, 5977, 8626, 0, 13952),
}  # fmt: skip
OUTPUT_BY_HEAD_2 = {
    1: (7402, 0, 3914, 3942, 2960, 2587, 2841),
    2: (7801, 3626, 1274, 4846, 4181, 2723, 0),
    3: (9087, 4472, 3561, 789, 4061, 3936, 0),
    4: (7496, 3434, 2430, 2715, 0, 1772, 675),
    5: (10506, 6344, 5822, 5668, 5963, 0, 7025),
    "<s>": (7583, 1577, 2277, 355, 0, 3927, 10761),
}  # fmt: skip
OUTPUT_BY_HEAD_3 = {
    1: (16924, 0, 8618, 8238, 7744, 6821, 5786),
    2: (16935, 5755, 0, 6867, 7151, 4610, 3925),
    3: (17691, 6055, 8406, 0, 7551, 5036, 2239),
    4: (17238, 6643, 7592, 8260, 0, 5942, 2612),
    5: (21589, 10728, 11850, 11904, 11063, 0, 12080),
    "<s>": (44010, 34155, 34871, 30629, 36064, 35054, 0),
}  # fmt: skip
OUTPUT_BY_RULE_6 = {
    1: (5199, 469, 2040, 0, 2877, 1454, 1450),
    2: (4493, 1500, 2736, 0, 2061, 1090, 2407),
    3: (4783, 0, 3620, 981, 3401, 2344, 4528), 4: (2464, 0, 2642, 171, 3015, 670, 286),
    5: (3460, 490, 1564, 0, 3438, 654, 1756), 6: (1988, 0, 3439, 662, 3605, 2327, 2686),
    7: (4216, 1290, 1424, 0, 2911, 1018, 656),
    8: (6742, 2662, 5374, 0, 4438, 2630, 3237),
    9: (5034, 961, 5711, 1805, 3832, 3006, 0), 10: (4568, 397, 6024, 310, 3655, 0, 222),
}  # fmt: skip
OUTPUT_BY_RULE_7 = {
    2: (3578, 0, 2633, 4924, 12665, 3723, 13020),
    3: (11294, 8407, 9845, 12813, 0, 11250, 7018), 5: (42, 34, 21, 33, 0, 32, 70),
    10: (3262, 0, 1228, 1791, 3083, 2624, 1762),
    11: (1431, 0, 8365, 2987, 1615, 4685, 3059),
}  # fmt: skip
OUTPUT_BY_RULE_8 = {
    1: (40265, 0, 18841, 22242, 27174, 16830, 25051),
    2: (21037, 16575, 656, 3992, 7440, 0, 5728),
    3: (19034, 10568, 0, 4072, 7450, 147, 6736),
    4: (19842, 2111, 1171, 2673, 7021, 0, 9539),
    5: (22211, 3362, 1633, 4974, 9332, 0, 3716),
    6: (19035, 0, 11397, 14559, 10701, 11149, 10161),
    7: (11150, 158, 957, 851, 4509, 0, 2495),
    8: (18871, 0, 1619, 5775, 3424, 1112, 4991),
    9: (18572, 2805, 1074, 3201, 6487, 0, 7111),
}  # fmt: skip
OUTPUT_BY_HEAD_5 = {
    1: (18895, 0, 9686, 9625, 10819, 8254, 6632),
    2: (18815, 7432, 0, 8985, 8918, 6692, 4576),
    3: (19044, 8077, 8394, 0, 10262, 6808, 2798),
    4: (16629, 6080, 7205, 6807, 0, 6250, 2088),
    5: (19587, 8424, 9994, 8561, 10446, 0, 9621),
    "<s>": (21147, 15372, 5002, 13157, 9133, 0, 24956),
}  # fmt: skip
OUTPUT_BY_HEAD_4_BY_POSITION_RULE = {
    1: (6306, 843, 3280, 3526, 2303, 2215, 0),
    2: (7188, 2649, 198, 2515, 3040, 2449, 0),
    3: (10794, 6204, 6490, 4634, 6269, 6061, 0),
    4: (9377, 5239, 5929, 5548, 4287, 5669, 0),
    5: (9856, 5557, 5898, 5181, 5799, 0, 4885),
    "<s>": (10610, 4329, 4370, 3935, 5279, 2527, 0),
}  # fmt: skip
OUTPUT_BY_RULE_4_BY_RULE_2 = {
    1: (2660, 8584, 2639, 14157, 0, 5192, 1495),
    2: (0, 12112, 3184, 10056, 972, 6327, 1720),
    7: (5385, 8686, 7296, 8701, 5560, 10515, 0),
    8: (19347, 24241, 22576, 0, 21837, 20851, 38498),
    11: (20236, 22992, 21534, 31156, 18870, 22427, 0),
}  # fmt: skip
OUTPUT_BY_HEAD_7 = {
    1: (7022, 0, 5474, 5172, 4499, 4854, 5837),
    2: (4982, 2712, 0, 3027, 2171, 2957, 3707),
    3: (6256, 3570, 3112, 0, 2141, 3047, 3916),
    4: (5519, 3376, 4534, 3846, 0, 3816, 4164),
    5: (7166, 3537, 4867, 4588, 3568, 0, 6527),
    "<s>": (4892, 88, 1911, 1495, 0, 1927, 4883),
}  # fmt: skip
OUTPUT_BY_RULE_9 = {
    3: (19162, 14901, 10848, 20511, 15789, 11679, 0),
    5: (21119, 17478, 22440, 0, 12577, 10300, 17221),
    6: (27049, 19101, 23593, 0, 19067, 29337, 49671),
    9: (13428, 9307, 9612, 0, 8712, 9314, 13950),
    11: (20321, 15568, 11690, 0, 16640, 15766, 23370),
}  # fmt: skip
OUTPUT_BY_RULE_10 = {
    2: (1663, 2943, 2606, 2212, 2300, 1714, 0),
    3: (835, 2747, 3000, 0, 1367, 2019, 4597),
    4: (730, 2251, 2028, 1978, 1390, 1933, 0), 5: (0, 1951, 1559, 588, 1925, 825, 1285),
    6: (0, 278, 209, 466, 709, 637, 1473),
}  # fmt: skip
OUTPUT_BY_RULE_11 = {
    4: (50846, 48897, 49693, 49552, 48779, 85994, 0),
    6: (30613, 30524, 31136, 31331, 27829, 72443, 0),
}  # fmt: skip
OUTPUT_BY_RULE_12 = {
    3: (1532, 0, 7099, 2568, 1609, 2829, 687),
    8: (4862, 0, 2780, 4746, 4036, 4725, 3183),
    9: (14499, 12055, 28614, 15337, 13547, 15334, 0),
    10: (14994, 12727, 0, 16235, 14506, 15764, 37397),
}  # fmt: skip
OUTPUT_BY_RULE_13 = {
    1: (2140, 0, 2461, 1918, 3745, 6420, 1236),
    2: (19374, 20260, 21979, 23165, 39481, 21825, 0),
    8: (4636, 9458, 12818, 23151, 0, 5501, 26874),
}  # fmt: skip
OUTPUT_PER_TOKEN_COUNT = (621, 1605, 2559, 6432, -12057, -197, 1038)
OUTPUT_PER_TOKEN_COUNT_2 = (-7676, -7750, -3568, -2774, -4362, 15958, 10172)
OUTPUT_PER_TOKEN_COUNT_3 = (-2603, -5155, 14342, -2127, -2628, 422, -2252)
OUTPUT_PER_TOKEN_COUNT_4 = (3031, 2001, -4088, 1293, 1019, 3802, -7057)
OUTPUT_PER_TOKEN_COUNT_6 = (-9212, -11093, 2343, 1602, 8653, 4914, 2793)
OUTPUT_PER_TOKEN_COUNT_7 = (-1095, -1348, 8744, -1319, -1128, -1745, -2109)
OUTPUT_PER_TOKEN_COUNT_8 = (14233, -7324, -807, -624, -6601, -2008, 3133)
OUTPUT_PER_TOKEN_COUNT_9 = (-1936, -1522, -1642, -1816, 13683, -1505, -5263)


def run(sequence):
    """One label per token of a sequence."""
    tokens = ["<s>", *read(sequence)]
    positions = list(range(len(tokens)))
    wanted = [WANTED_BY_TOKEN_BY_TOKEN.get(q, 0) for q in tokens]
    token_by_token = [tokens[j] for j in closest(wanted, tokens)]
    wanted = [WANTED_BY_TOKEN_BY_TOKEN_2.get(q, 1) for q in positions]
    token_by_token_2 = [tokens[j] for j in closest(wanted, tokens)]
    token_by_position = [
        tokens[j]
        for j in closest_where(lambda q, k: k in WANTED_BY_TOKEN_BY_POSITION.get(q, (1,)), positions, positions)
    ]  # fmt: skip
    token_by_position_2 = [
        tokens[j]
        for j in closest_where(lambda q, k: k in WANTED_BY_TOKEN_BY_POSITION_2.get(q, ()), positions, positions)
    ]  # fmt: skip
    token_by_position_3 = [
        tokens[j]
        for j in closest_where(lambda q, k: k in WANTED_BY_TOKEN_BY_POSITION_3.get(q, ()), positions, positions)
    ]  # fmt: skip
    token_by_position_4 = [
        tokens[j]
        for j in closest_where(lambda q, k: k in WANTED_BY_TOKEN_BY_POSITION_4.get(q, (2,)), positions, positions)
    ]  # fmt: skip
    token_count = [
        sum(k in WANTED_BY_TOKEN_COUNT.get(q, (4,)) for k in tokens) for q in positions
    ]
    token_count_2 = [
        tokens.count(WANTED_BY_TOKEN_COUNT_2.get(q, "<s>")) for q in positions
    ]
    token_count_3 = [
        tokens.count(WANTED_BY_TOKEN_COUNT_3.get(q, "<s>")) for q in positions
    ]
    rule = [RULE.get((a, b), 2) for a, b in zip(token_by_position_4, token_by_position)]
    position_rule = [POSITION_RULE.get(a, 0) for a in positions]
    rule_2 = [RULE_2.get((a, b), 0) for a, b in zip(positions, token_by_position_4)]
    rule_3 = [
        RULE_3.get((a, b), 6) for a, b in zip(token_by_token_2, token_by_position)
    ]
    rule_4 = [RULE_4.get((a, b), 11) for a, b in zip(token_count, token_count_2)]
    rule_5 = [RULE_5.get((a, b), 8) for a, b in zip(token_count, token_count_3)]
    head = [
        rule_4[j]
        for j in closest_where(lambda q, k: k in WANTED_BY_HEAD.get(q, (2, 5, "<s>")), rule_4, token_by_position_2)
    ]  # fmt: skip
    rule_by_rule_2 = [
        rule[j]
        for j in closest_where(lambda q, k: k in WANTED_BY_RULE_BY_RULE_2.get(q, ()), rule_2, rule_2)
    ]  # fmt: skip
    head_2 = [
        token_by_position_2[j]
        for j in closest_where(lambda q, k: k in WANTED_BY_HEAD_2.get(q, (1,)), rule_2, positions)
    ]  # fmt: skip
    rule_3_by_position_rule = [
        rule_3[j] for j in closest_where(lambda q, k: False, tokens, position_rule)
    ]
    wanted = [WANTED_BY_HEAD_3.get(q) for q in position_rule]
    head_3 = [token_by_position_4[j] for j in closest(wanted, token_by_position_4)]
    head_4 = [
        tokens[j]
        for j in closest_where(lambda q, k: k in WANTED_BY_HEAD_4.get(q, (0,)), tokens, token_by_position)
    ]  # fmt: skip
    token_count_4 = [
        tokens.count(WANTED_BY_TOKEN_COUNT_4.get(q)) for q in token_by_position_3
    ]
    token_count_5 = [
        tokens.count(WANTED_BY_TOKEN_COUNT_5.get(q, 1)) for q in token_by_position_4
    ]
    token_count_6 = [
        tokens.count(WANTED_BY_TOKEN_COUNT_6.get(q, 1)) for q in token_by_token_2
    ]
    rule_6 = [RULE_6.get((a, b), 4) for a, b in zip(rule_by_rule_2, head_4)]
    rule_7 = [RULE_7.get((a, b), 2) for a, b in zip(rule_5, positions)]
    rule_8 = [RULE_8.get((a, b), 0) for a, b in zip(token_count_5, token_count_6)]
    wanted = [WANTED_BY_HEAD_5.get(q, 4) for q in positions]
    head_5 = [token_by_position[j] for j in closest(wanted, positions)]
    wanted = [WANTED_BY_HEAD_4_BY_POSITION_RULE.get(q) for q in position_rule]
    head_4_by_position_rule = [head_4[j] for j in closest(wanted, position_rule)]
    head_6 = [
        rule_5[j] for j in closest_where(lambda q, k: False, tokens, token_by_token_2)
    ]
    wanted = [WANTED_BY_RULE_4_BY_RULE_2.get(q) for q in rule_2]
    rule_4_by_rule_2 = [rule_4[j] for j in closest(wanted, rule_2)]
    head_7 = [
        token_by_position[j]
        for j in closest_where(lambda q, k: k in WANTED_BY_HEAD_7.get(q, (0,)), tokens, tokens)
    ]  # fmt: skip
    wanted = [WANTED_BY_RULE_3_BY_POSITION_RULE_2.get(q) for q in positions]
    rule_3_by_position_rule_2 = [rule_3[j] for j in closest(wanted, position_rule)]
    token_count_7 = [
        tokens.count(WANTED_BY_TOKEN_COUNT_7.get(q, 2)) for q in token_by_position_4
    ]
    token_count_8 = [
        tokens.count(WANTED_BY_TOKEN_COUNT_8.get(q, 1)) for q in token_by_token_2
    ]
    token_count_9 = [
        tokens.count(WANTED_BY_TOKEN_COUNT_9.get(q, 4)) for q in token_by_position_4
    ]
    rule_9 = [RULE_9.get((a, b), 3) for a, b in zip(positions, head_6)]
    rule_10 = [RULE_10.get((a, b), 2) for a, b in zip(head_2, head_5)]
    rule_11 = [
        RULE_11.get((a, b), 3)
        for a, b in zip(rule_3_by_position_rule_2, rule_3_by_position_rule)
    ]
    rule_12 = [RULE_12.get((a, b), 10) for a, b in zip(token_count_4, token_count_3)]
    rule_13 = [RULE_13.get((a, b), 2) for a, b in zip(token_count_9, token_count)]
    # The label with the largest sum of evidence wins.
    output = [
        winner(
            OUTPUT_LABELS,
            [
                OUTPUT_BIAS,
                OUTPUT_BY_TOKENS.get(v[0], NO_EVIDENCE),
                OUTPUT_BY_TOKEN_BY_TOKEN.get(v[1], NO_EVIDENCE),
                OUTPUT_BY_TOKEN_BY_TOKEN_2.get(v[2], NO_EVIDENCE),
                OUTPUT_BY_TOKEN_BY_POSITION.get(v[3], NO_EVIDENCE),
                OUTPUT_BY_TOKEN_BY_POSITION_2.get(v[4], NO_EVIDENCE),
                OUTPUT_BY_TOKEN_BY_POSITION_3.get(v[5], NO_EVIDENCE),
                OUTPUT_BY_TOKEN_BY_POSITION_4.get(v[6], NO_EVIDENCE),
                OUTPUT_BY_RULE.get(v[7], NO_EVIDENCE),
                OUTPUT_BY_POSITION_RULE.get(v[8], NO_EVIDENCE),
                OUTPUT_BY_RULE_5.get(v[9], NO_EVIDENCE),
                OUTPUT_BY_HEAD.get(v[10], NO_EVIDENCE),
                OUTPUT_BY_HEAD_2.get(v[11], NO_EVIDENCE),
                OUTPUT_BY_HEAD_3.get(v[12], NO_EVIDENCE),
                OUTPUT_BY_RULE_6.get(v[13], NO_EVIDENCE),
                OUTPUT_BY_RULE_7.get(v[14], NO_EVIDENCE),
                OUTPUT_BY_RULE_8.get(v[15], NO_EVIDENCE),
                OUTPUT_BY_HEAD_5.get(v[16], NO_EVIDENCE),
                OUTPUT_BY_HEAD_4_BY_POSITION_RULE.get(v[17], NO_EVIDENCE),
                OUTPUT_BY_RULE_4_BY_RULE_2.get(v[18], NO_EVIDENCE),
                OUTPUT_BY_HEAD_7.get(v[19], NO_EVIDENCE),
                OUTPUT_BY_RULE_9.get(v[20], NO_EVIDENCE),
                OUTPUT_BY_RULE_10.get(v[21], NO_EVIDENCE),
                OUTPUT_BY_RULE_11.get(v[22], NO_EVIDENCE),
                OUTPUT_BY_RULE_12.get(v[23], NO_EVIDENCE),
                OUTPUT_BY_RULE_13.get(v[24], NO_EVIDENCE),
                [v[25] * w for w in OUTPUT_PER_TOKEN_COUNT],
                [v[26] * w for w in OUTPUT_PER_TOKEN_COUNT_2],
                [v[27] * w for w in OUTPUT_PER_TOKEN_COUNT_3],
                [v[28] * w for w in OUTPUT_PER_TOKEN_COUNT_4],
                [v[29] * w for w in OUTPUT_PER_TOKEN_COUNT_6],
                [v[30] * w for w in OUTPUT_PER_TOKEN_COUNT_7],
                [v[31] * w for w in OUTPUT_PER_TOKEN_COUNT_8],
                [v[32] * w for w in OUTPUT_PER_TOKEN_COUNT_9],
            ],
        )
        for v in zip(
            tokens,
            token_by_token,
            token_by_token_2,
            token_by_position,
            token_by_position_2,
            token_by_position_3,
            token_by_position_4,
            rule,
            position_rule,
            rule_5,
            head,
            head_2,
            head_3,
            rule_6,
            rule_7,
            rule_8,
            head_5,
            head_4_by_position_rule,
            rule_4_by_rule_2,
            head_7,
            rule_9,
            rule_10,
            rule_11,
            rule_12,
            rule_13,
            token_count,
            token_count_2,
            token_count_3,
            token_count_4,
            token_count_6,
            token_count_7,
            token_count_8,
            token_count_9,
        )
    ]
    return output[1 : len(sequence) + 1]


# Runtime, the same in every program.


def read(sequence):
    """The symbols of a sequence; `ValueError` for an unknown one or too many."""
    tokens = []
    for token in sequence:
        plain = isinstance(token, int) and token in SYMBOLS
        known = SYMBOLS.get(token if plain else str(token))
        same = token == known or token == str(known)
        if known is None or isinstance(token, bool) or not same:
            some = ", ".join(map(repr, list(SYMBOLS.values())[:20]))
            more = ", ..." if len(SYMBOLS) > 20 else ""
            raise ValueError(f"unknown token {token!r:.60}; expected {some}{more}")
        tokens.append(known)
    if len(tokens) > MAX_LENGTH:
        raise ValueError(f"{len(tokens)} tokens are too many; at most {MAX_LENGTH}")
    return tokens


def closest(wanted, keys):
    """For each position, the nearest one whose key is wanted there.

    At equal distance the left one; the position itself only if no other matches; 0 if none does.
    """
    found = []
    before = {}
    for i, (want, key) in enumerate(zip(wanted, keys)):
        found.append(before.get(want))
        before[key] = i
    after = {}
    for i in reversed(range(len(keys))):
        left, right = found[i], after.get(wanted[i])
        if left is None and right is None:
            found[i] = i if keys[i] == wanted[i] else 0
        elif left is None or (right is not None and right - i < i - left):
            found[i] = right
        after[keys[i]] = i
    return found


def nearest(i, hits):
    """The hit nearest to i, the left one at equal distance; i if alone; 0 if none."""
    others = [j for j, hit in enumerate(hits) if hit and j != i]
    if others:
        return min(others, key=lambda j: abs(i - j))
    return i if hits[i] else 0


def closest_where(matches, queries, keys):
    """As `closest`, for keys that match a query by the rule `matches(query, key)`."""
    hits = [[matches(query, key) for key in keys] for query in queries]
    return [nearest(i, row) for i, row in enumerate(hits)]


def winner(labels, rows):
    """The label with the largest sum over the rows of weights, the first at a tie."""
    totals = [*map(sum, zip(*rows))]
    return labels[totals.index(max(totals))]


def main(arguments):
    """Run on the arguments, or with `--jsonl` on standard input, one JSON list a line."""
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    place = ""
    try:
        if arguments != ["--jsonl"]:
            output = run(arguments[1:] if arguments[0] == "--" else arguments)
            print(*(output if isinstance(output, list) else [output]))
            return 0
        sys.stdin.reconfigure(encoding="utf-8")
        for number, line in enumerate(sys.stdin, 1):
            place = f"line {number}: "
            if line.strip():
                sequence = json.loads(line)
                if not isinstance(sequence, list):
                    raise ValueError(f"expected a JSON list, got {line.strip()[:40]!r}")
                print(json.dumps(run(sequence)))
    except (ValueError, RecursionError) as error:
        print(f"error: {place}{error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
