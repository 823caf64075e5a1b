//! Names that look like names: surnames by how common they are, given names of one or two
//! characters. That somebody bears one of them cannot be avoided and means nothing.

use super::dice::Dice;
use crate::codes::Sex;

/// A surname and a given name, two to four characters.
pub(super) fn person_name(dice: &mut Dice, sex: Sex) -> String {
    let mut name = dice.weighted(&SURNAMES).to_string();
    let given: Vec<char> = if sex == Sex::Female { FEMALE } else { MALE }.chars().collect();
    let both: Vec<char> = NEUTRAL.chars().collect();
    if dice.percent(84) {
        name.push(*if dice.percent(45) { dice.pick(&both) } else { dice.pick(&given) });
    }
    name.push(*dice.pick(&given));
    name
}

/// Surnames with their share of the population in parts of about ten thousand; Hunan's common
/// ones (谭, 彭, 曾, 邓, 肖, 欧阳) stand higher than in the country.
#[rustfmt::skip]
const SURNAMES: [(&str, u32); 84] = [
    ("王", 720), ("李", 740), ("张", 690), ("刘", 680), ("陈", 560), ("杨", 320), ("黄", 290), ("周", 330), ("吴", 240),
    ("徐", 130), ("孙", 100), ("胡", 190), ("朱", 120), ("高", 80), ("林", 80), ("何", 180), ("郭", 110), ("马", 80),
    ("罗", 210), ("梁", 60), ("宋", 80), ("郑", 60), ("谢", 150), ("韩", 50), ("唐", 180), ("冯", 60), ("于", 40),
    ("董", 40), ("萧", 20), ("程", 60), ("曹", 90), ("袁", 90), ("邓", 170), ("许", 70), ("傅", 50), ("沈", 40),
    ("曾", 170), ("彭", 190), ("吕", 40), ("苏", 40), ("卢", 40), ("蒋", 110), ("蔡", 50), ("贾", 30), ("丁", 50),
    ("魏", 50), ("薛", 30), ("叶", 50), ("阎", 10), ("余", 60), ("潘", 50), ("杜", 40), ("戴", 70), ("夏", 70),
    ("钟", 70), ("汪", 50), ("田", 70), ("任", 40), ("姜", 40), ("范", 50), ("方", 50), ("石", 70), ("姚", 60),
    ("谭", 160), ("廖", 100), ("邹", 80), ("熊", 70), ("金", 30), ("陆", 30), ("郝", 20), ("孔", 20), ("白", 20),
    ("崔", 20), ("康", 30), ("毛", 50), ("邱", 40), ("秦", 30), ("江", 50), ("史", 20), ("顾", 20), ("侯", 30),
    ("肖", 160), ("龙", 80), ("欧阳", 40),
];

const MALE: &str =
    "伟强军勇杰涛斌超辉刚鹏波飞磊健峰林浩亮志宏建国庆平华松柏清泉海江山川武毅刚锋博成达广良栋梁雄威振坤";
const FEMALE: &str = "芳娜敏静丽艳娟霞玲燕萍红英梅兰菊莲洁颖琳雪慧婷佳莹月桂香秀珍素云莉琴瑶倩蓉薇怡婉淑惠";
const NEUTRAL: &str = "文明晓小新永春秋学思远立正德志子雨安宁一中维光景玉家嘉世友君仁义和乐凯湘岳沅";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_two_to_four_characters_and_rarely_meet() {
        let mut dice = Dice::new(3);
        let names: Vec<String> = (0..2000)
            .map(|i| person_name(&mut dice, if i % 3 == 0 { Sex::Female } else { Sex::Male }))
            .collect();
        assert!(names.iter().all(|name| (2..=4).contains(&name.chars().count())));
        let distinct: std::collections::BTreeSet<&String> = names.iter().collect();
        assert!(distinct.len() > 1700, "{}", distinct.len());
    }
}
