//! Tests of compiling the sources that come with the product, and of what is refused.

use super::*;
use crate::rules::registry_profile::Mark;
use crate::rules::{NOT_YET_APPLIED, Rule, Status};

fn compiled(name: &str) -> Compiled {
    let find = |parent: &str| embedded_source(parent).map(str::to_owned);
    compile(name, embedded_source(name).unwrap(), &find).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_source_of_the_product_compiles_to_the_same_bytes_each_time() {
    for (name, _) in SOURCES {
        let (one, other) = (compiled(name).profile, compiled(name).profile);
        assert_eq!(one.bytes(), other.bytes(), "{name}");
        assert_eq!((one.version(), one.name()), (2, format!("{name}-2026-11").as_str()));
        let again = crate::codec::Json::parse(one.bytes(), 99_999).unwrap();
        assert_eq!(again.canonical(), one.bytes(), "{name}: canonical");
        assert!(one.rules().map(|(rule, _)| rule).eq(Rule::ALL.iter().copied()), "{name}");
    }
    assert!(embedded("moon").is_none() && NOT_YET_APPLIED.is_empty());
}

#[test]
fn a_province_inherits_what_it_does_not_say() {
    let (national, hunan) = (compiled("national").profile, compiled("hunan").profile);
    let (here, there) = (hunan.parameters(), national.parameters());
    assert_eq!((there.max_age, here.max_age, here.max_age_scarce), (70, 69, Some(71)));
    // Parameters merge key by key: the eight years are the nation's.
    assert_eq!((here.years_intermediate, here.years_scarce_doctor), (8, Some(4)));
    assert_eq!((national.lots(), hunan.lots()), (1, 4));
    assert!(hunan.applies(Rule::PlanApproved) && !national.applies(Rule::PlanApproved));
    assert_eq!(hunan.chain().len(), 2);
    // Restating the source ends the parent's certainty.
    assert_eq!(hunan.rule(Rule::TieredProbability).unwrap().status, Mark::Policy);
    let memory = national.rule(Rule::TieredProbability).unwrap().status;
    assert_eq!(memory, Mark::Source(Status::Knowledge(92)));
    let fujian = compiled("fujian").profile;
    assert_eq!(fujian.parameters().earliest_working_days, 0);
    assert!(!fujian.rule(Rule::DrawNotTooEarly).unwrap().overridable);
    assert_eq!(fujian.parameters().min_sites, 2);
    assert_eq!(fujian.parameters().compulsory.len(), 2);
}

fn city(change: &str) -> Result<Compiled, SourceError> {
    let text = format!(
        "name = \"yueyang\"\nedition = \"1\"\nparent = \"hunan\"\ntitle = \"岳阳\"\njurisdiction = \"430600\"\nvalid_from = \"2026-01-01\"\n{change}"
    );
    compile("yueyang", &text, &|parent| embedded_source(parent).map(str::to_owned))
}

#[test]
fn a_city_writes_its_own_file_under_a_province() {
    let change = "[rules.cooldown]\napplies = \"yes\"\nsource = \"岳财采〔2026〕1号\"\nstatus = \"text\"\n";
    let city = city(change).unwrap();
    assert_eq!(city.profile.name(), "yueyang-1");
    assert_eq!(city.profile.chain().len(), 3);
    assert!(city.profile.applies(Rule::Cooldown));
    assert_eq!(city.profile.parameters().cooldown_days, 30);
    assert_eq!(city.parent.unwrap().name(), "hunan-2026-11");
    assert_ne!(city.profile.digest(), compiled("hunan").profile.digest());
}

#[test]
fn mistakes_are_refused_with_their_place() {
    let place = |change: &str| city(change).unwrap_err().place;
    let sourced = "source = \"x\"\nstatus = \"policy\"\n";
    for (change, expected) in [
        ("colour = \"red\"".to_owned(), "colour"),
        ("[rules.height]\ntitle = \"x\"".to_owned(), "rules.height"),
        ("[rules.cooldown]\napplies = \"yes\"".to_owned(), "rules.cooldown.applies"),
        ("[terms.margin]\nvalue = 3".to_owned(), "terms.margin.value"),
        (format!("[terms.margin]\nvalue = 1.5\n{sourced}"), "terms.margin.value"),
        (format!("[terms.margin]\nvalue = -1\n{sourced}"), "terms.margin.value"),
        (format!("[rules.cooldown]\napplies = true\n{sourced}"), "rules.cooldown.applies"),
        (format!("[rules.cooldown]\napplies = \"maybe\"\n{sourced}"), "rules.cooldown.applies"),
        ("[rules.cooldown]\nsource = \"x\"\nstatus = \"memory\"".to_owned(), "rules.cooldown.status"),
        ("[rules.cooldown]\nsource = \"x\"\nstatus = \"rumour\"".to_owned(), "rules.cooldown.status"),
        (
            format!("[rules.cooldown]\nparameters = {{ weeks = 1 }}\n{sourced}"),
            "rules.cooldown.parameters.weeks",
        ),
        (
            format!("[rules.age_limit]\nparameters = {{ under = 7 }}\n{sourced}"),
            "rules.age_limit.parameters.under",
        ),
        (
            format!("[rules.status_active]\nparameters = {{ under = 7 }}\n{sourced}"),
            "rules.status_active.parameters",
        ),
        (format!("[terms.moon]\nvalue = 3\n{sourced}"), "terms.moon"),
    ] {
        assert_eq!(place(&change), expected, "{change}");
    }
    let find = |parent: &str| embedded_source(parent).map(str::to_owned);
    let outside = embedded_source("hunan").unwrap().replace("430000", "CN");
    assert!(compile("hunan", &outside, &find).is_ok());
    let elsewhere = "name = \"x\"\nedition = \"1\"\nparent = \"hunan\"\ntitle = \"x\"\njurisdiction = \"350000\"\nvalid_from = \"2026-01-01\"";
    assert_eq!(compile("x", elsewhere, &find).unwrap_err().place, "jurisdiction");
    let circle = elsewhere.replace("\"hunan\"", "\"x\"");
    assert_eq!(compile("x", &circle, &find).unwrap_err().place, "parent");
}

#[test]
fn an_explanation_names_requirements_differences_memory_and_choices() {
    let fujian = compiled("fujian");
    let text = explain(&fujian.profile, fujian.parent.as_ref());
    for said in [
        "规则档案 fujian-2026-11",
        "评审当日起可以抽取；跨省异地评审除外",
        "公开招标、邀请招标（货物、服务）：5人以上单数；预算1000万元以上的7人",
        "【与上级档案不同之处】",
        "上级：评审前2个工作日起可以抽取；竞争性谈判、竞争性磋商、异地评审除外；此处：评审当日起可以抽取",
        "【仅凭一般知识、未见原文的】",
        "评审小组人数（committee_size_odd）中依财库〔2024〕13号的一项",
        "【项目规则（法律没有规定，由部署单位选择）】",
        "【本档案不适用的规则】",
        "评审费标准：本档案没有",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(list().lines().count() > Rule::ALL.len());
}
