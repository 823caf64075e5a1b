//! Tests of reading profiles of version 1; those of version 2 stand with `profile_source`.

use super::*;

fn national() -> String {
    String::from_utf8(PROFILES[0].1.to_vec()).unwrap()
}

fn changed(from: &str, to: &str) -> Result<Profile, ProfileError> {
    let text = national();
    assert!(text.contains(from), "{from}");
    Profile::parse(text.replacen(from, to, 1).as_bytes())
}

#[test]
fn every_embedded_profile_is_read_under_its_own_name() {
    for (name, bytes) in PROFILES {
        let profile = Profile::parse(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(profile.name(), name);
        assert_eq!(embedded(name), Some(profile));
    }
    assert_eq!(embedded("moon-2030"), None);
}

#[test]
fn the_numbers_are_those_of_their_sources() {
    let (national, hunan) = (embedded("national-2017").unwrap(), embedded("hunan-2023").unwrap());
    // 198号 art 6(5): under 70. 湘财购〔2023〕22号: 68 at most, that is under 69.
    assert_eq!((national.max_age(), hunan.max_age()), (70, 69));
    for profile in [&national, &hunan] {
        assert_eq!((profile.employment_years(), profile.unit_cap(), profile.lots()), (3, 1, 1));
        assert!(profile.rules().all(|(_, entry)| entry.unknown == UnknownPolicy::Exclude));
    }
    assert_eq!(hunan.jurisdiction(), Jurisdiction::Region(Region::parse("430000").unwrap()));
    assert!(!national.applies_on(Date::parse("2016-12-31").unwrap()));
    assert!(national.applies_on(Date::parse("2017-01-01").unwrap()));
}

#[test]
fn the_digest_is_over_the_bytes_of_the_file() {
    let spaced = format!("{}\n", national());
    let (one, other) =
        (Profile::parse(national().as_bytes()).unwrap(), Profile::parse(spaced.as_bytes()).unwrap());
    assert_ne!(one.digest(), other.digest());
    assert_eq!(one.digest(), LabelledHash::new("profile").variable(PROFILES[0].1).finish());
}

#[test]
fn rules_that_are_unknown_of_a_later_version_doubled_or_missing_are_refused() {
    let renamed = |to: &str| changed("\"age_limit\"", &format!("\"{to}\"")).unwrap_err();
    assert_eq!(renamed("height_limit"), ProfileError::UnknownRule("height_limit".into()));
    assert_eq!(renamed("conflict_kinship"), ProfileError::LaterVersion("conflict_kinship"));
    assert_eq!(renamed("status_active"), ProfileError::RuleTwice("status_active"));
    let text = national();
    let (head, _) = text.split_once("\"rules\"").unwrap();
    let empty = format!("{head}\"rules\": []}}");
    assert_eq!(Profile::parse(empty.as_bytes()), Err(ProfileError::RuleMissing("status_active")));
}

#[test]
fn fields_out_of_range_are_refused_with_their_place() {
    for (from, to, place) in [
        ("\"max_age\": 70", "\"max_age\": 17", "max_age"),
        ("\"lots\": 1", "\"lots\": 9", "lots"),
        ("\"lots\": 1", "\"lots\": 0", "lots"),
        ("\"unit_cap\": 1", "\"unit_cap\": 0", "unit_cap"),
        ("\"pool_published\": \"yes\"", "\"pool_published\": \"true\"", "pool_published"),
        ("\"valid_from\": \"2017-01-01\"", "\"valid_from\": \"2017\"", "valid_from"),
        ("\"valid_from\"", "\"valid_to\": \"2016-01-01\", \"valid_from\"", "valid_to"),
        ("\"jurisdiction\": \"CN\"", "\"jurisdiction\": \"999999\"", "jurisdiction"),
        ("\"name\": \"national-2017\"", "\"name\": \"National\"", "name"),
        ("\"status\": \"C2\"", "\"status\": \"K\"", "rules[0].status"),
        ("\"unknown\": \"exclude\"", "\"unknown\": \"ask\"", "rules[0].unknown"),
        ("\"v\": 1", "\"v\": 1, \"extra\": 1", "extra"),
    ] {
        match changed(from, to) {
            Err(ProfileError::Shape(error)) => assert_eq!(error.path, place),
            other => panic!("{to}: {other:?}"),
        }
    }
    assert!(matches!(changed("\"lots\": 1", "\"lots\": 1.0"), Err(ProfileError::Json(_))));
    assert!(matches!(changed("\"lots\": 1", "\"lots\": null"), Err(ProfileError::Json(_))));
}

#[test]
fn a_status_has_one_spelling() {
    assert_eq!(Status::parse("C"), Some(Status::Text));
    assert_eq!(Status::parse("C2"), Some(Status::Secondary));
    assert_eq!(Status::parse("K85"), Some(Status::Knowledge(85)));
    for bad in ["", "c", "C3", "K", "K5", "K100", "K+5"] {
        assert_eq!(Status::parse(bad), None, "{bad}");
    }
}
