//! The written form of a plan in its case: canonical JSON without booleans; a yes is `yes`, a no is absent.
//!
//! *Invariant:* what [`Plan::to_json`] writes, [`Plan::from_json`] reads back to the same value.

use crate::codec::{Fields, Json, Object, ShapeError, object};

use super::image::{first, text};
use super::plan::{Plan, PlanGroup, Selected};
use super::plan_draft::{
    InvolvedDraft, PlanDraft, PlanGroupDraft, ProvinceFilingDraft, SelectedDraft, SelfSelectionDraft,
    SitesDraft,
};

impl Plan {
    /// The facts as they would be written.
    pub fn draft(&self) -> PlanDraft {
        let number = |number: &super::expert::ExpertNumber| number.as_str().to_owned();
        PlanDraft {
            package: self.package.clone(),
            region: self.region.as_str().to_owned(),
            method: self.method.as_str().to_owned(),
            category: self.category.as_str().to_owned(),
            budget_fen: self.budget_fen,
            threshold_reached: self.threshold_reached,
            complex: self.complex,
            social_impact: self.social_impact,
            remote: self.remote,
            review_start: self.review_start.0,
            hours: self.hours,
            representatives: self.representatives,
            groups: self.groups.iter().map(group_draft).collect(),
            document_numbers: self
                .document_numbers
                .iter()
                .map(|asked| (asked.speciality.as_str().to_owned(), asked.experts))
                .collect(),
            involved: self
                .involved
                .iter()
                .map(|person| InvolvedDraft {
                    number: person.number.as_ref().map(number),
                    id_hash: person.id_hash.clone(),
                    name: person.name.clone(),
                    part: person.part.as_str().to_owned(),
                    note: person.note.clone(),
                })
                .collect(),
            region_reason: self.region_reason.clone(),
            self_selection: self.self_selection.as_ref().map(|selection| SelfSelectionDraft {
                consent: selection.consent.clone(),
                reason: selection.reason.clone(),
                members: selection.members.iter().map(member_draft).collect(),
            }),
            overrides: self
                .overrides
                .iter()
                .map(|departure| (departure.rule.clone(), departure.reason.clone()))
                .collect(),
            province_filing: self.province_filing.as_ref().map(|filing| ProvinceFilingDraft {
                province: filing.province.as_str().to_owned(),
                number: filing.number.clone(),
                filed_on: filing.filed_on.to_string(),
            }),
            sites: self.sites.as_ref().map(|sites| SitesDraft {
                count: sites.count,
                within: codes(&sites.within),
                workstations: sites.workstations,
            }),
        }
    }

    /// As the case keeps it.
    pub fn to_json(&self) -> Json {
        self.draft().to_json()
    }

    /// Reads what [`Plan::to_json`] writes.
    ///
    /// # Errors
    /// The first field that has not the shape or breaks a rule.
    pub fn from_json(json: &Json, path: &str) -> Result<Plan, ShapeError> {
        let draft = PlanDraft::from_json(json, path)?;
        draft.check().map_err(|problems| first(problems, path))
    }
}

impl PlanDraft {
    /// The written form.
    pub fn to_json(&self) -> Json {
        let mut json = Object::new()
            .with("package", self.package.as_str())
            .with("region", self.region.as_str())
            .with("method", self.method.as_str())
            .with("category", self.category.as_str())
            .with("budget_fen", self.budget_fen)
            .with("review_start", self.review_start)
            .with("hours", self.hours)
            .with("representatives", self.representatives)
            .with("groups", self.groups.iter().map(group_json).collect::<Json>());
        for (key, value) in [
            ("threshold_reached", self.threshold_reached),
            ("complex", self.complex),
            ("social_impact", self.social_impact),
            ("remote", self.remote),
        ] {
            json = json.with_some(key, value.then_some("yes"));
        }
        let numbers: Json = self
            .document_numbers
            .iter()
            .map(|(speciality, experts)| {
                Object::new().with("speciality", speciality.as_str()).with("experts", *experts).into()
            })
            .collect();
        let overrides: Json = self
            .overrides
            .iter()
            .map(|(rule, reason)| {
                Object::new().with("rule", rule.as_str()).with("reason", reason.as_str()).into()
            })
            .collect();
        let involved: Json = self
            .involved
            .iter()
            .map(|person| {
                Object::new()
                    .with_some("number", person.number.clone())
                    .with_some("id_hash", person.id_hash.clone())
                    .with_some("name", person.name.clone())
                    .with("part", person.part.as_str())
                    .with_some("note", person.note.clone())
                    .into()
            })
            .collect();
        json.with("document_numbers", numbers)
            .with("overrides", overrides)
            .with("involved", involved)
            .with_some("region_reason", self.region_reason.clone())
            .with_some("self_selection", self.self_selection.as_ref().map(selection_json))
            .with_some(
                "province_filing",
                self.province_filing.as_ref().map(|filing| {
                    Object::new()
                        .with("province", filing.province.as_str())
                        .with("number", filing.number.as_str())
                        .with("filed_on", filing.filed_on.as_str())
                }),
            )
            .with_some(
                "sites",
                self.sites.as_ref().map(|sites| {
                    Object::new()
                        .with("count", sites.count)
                        .with("within", texts(&sites.within))
                        .with("workstations", sites.workstations)
                }),
            )
            .into()
    }

    /// Reads what [`PlanDraft::to_json`] writes.
    ///
    /// # Errors
    /// The first field that has not the shape.
    pub fn from_json(json: &Json, path: &str) -> Result<PlanDraft, ShapeError> {
        object(json, path, |f| {
            Ok(PlanDraft {
                package: text(f, "package")?,
                region: text(f, "region")?,
                method: text(f, "method")?,
                category: text(f, "category")?,
                budget_fen: f.int("budget_fen", 0..=crate::codec::json::MAX_INTEGER)?,
                threshold_reached: yes(f, "threshold_reached")?,
                complex: yes(f, "complex")?,
                social_impact: yes(f, "social_impact")?,
                remote: yes(f, "remote")?,
                review_start: f.int("review_start", 0..=crate::codec::json::MAX_INTEGER)?,
                hours: f.u32("hours", u32::MAX)?,
                representatives: f.u32("representatives", u32::MAX)?,
                groups: f.each("groups", read_group)?,
                document_numbers: f.each("document_numbers", |item, path| {
                    object(item, path, |f| Ok((text(f, "speciality")?, f.u32("experts", u32::MAX)?)))
                })?,
                involved: f.each("involved", |item, path| {
                    object(item, path, |f| {
                        Ok(InvolvedDraft {
                            number: some(f, "number")?,
                            id_hash: some(f, "id_hash")?,
                            name: some(f, "name")?,
                            part: text(f, "part")?,
                            note: some(f, "note")?,
                        })
                    })
                })?,
                region_reason: some(f, "region_reason")?,
                self_selection: inner(f, "self_selection", read_selection)?,
                overrides: f.each("overrides", |item, path| {
                    object(item, path, |f| Ok((text(f, "rule")?, text(f, "reason")?)))
                })?,
                province_filing: inner(f, "province_filing", |f| {
                    Ok(ProvinceFilingDraft {
                        province: text(f, "province")?,
                        number: text(f, "number")?,
                        filed_on: text(f, "filed_on")?,
                    })
                })?,
                sites: inner(f, "sites", |f| {
                    Ok(SitesDraft {
                        count: f.u32("count", u32::MAX)?,
                        within: f.each("within", read_text)?,
                        workstations: f.u32("workstations", u32::MAX)?,
                    })
                })?,
            })
        })
    }
}

fn group_draft(group: &PlanGroup) -> PlanGroupDraft {
    PlanGroupDraft {
        speciality: group.speciality.as_str().to_owned(),
        within: codes(&group.within),
        except: codes(&group.except),
        of_site: group.of_site,
        seats: group.seats,
        site: group.site,
        legal: group.legal,
    }
}

fn member_draft(member: &Selected) -> SelectedDraft {
    SelectedDraft {
        name: member.name.clone(),
        number: member.number.as_ref().map(|number| number.as_str().to_owned()),
        unit: member.unit.as_ref().map(|unit| unit.as_str().to_owned()),
        speciality: member.speciality.as_ref().map(|code| code.as_str().to_owned()),
        legal: member.legal,
    }
}

fn group_json(group: &PlanGroupDraft) -> Json {
    Object::new()
        .with("speciality", group.speciality.as_str())
        .with("within", texts(&group.within))
        .with("except", texts(&group.except))
        .with_some("of_site", group.of_site.then_some("yes"))
        .with("seats", group.seats)
        .with("site", group.site)
        .with_some("legal", group.legal.then_some("yes"))
        .into()
}

fn read_group(item: &Json, path: &str) -> Result<PlanGroupDraft, ShapeError> {
    object(item, path, |f| {
        Ok(PlanGroupDraft {
            speciality: text(f, "speciality")?,
            within: f.each("within", read_text)?,
            except: f.each("except", read_text)?,
            of_site: yes(f, "of_site")?,
            seats: f.u32("seats", u32::MAX)?,
            site: f.u32("site", u32::MAX)?,
            legal: yes(f, "legal")?,
        })
    })
}

fn selection_json(selection: &SelfSelectionDraft) -> Object {
    let member = |member: &SelectedDraft| -> Json {
        Object::new()
            .with("name", member.name.as_str())
            .with_some("number", member.number.clone())
            .with_some("unit", member.unit.clone())
            .with_some("speciality", member.speciality.clone())
            .with_some("legal", member.legal.then_some("yes"))
            .into()
    };
    Object::new()
        .with_some("consent", selection.consent.clone())
        .with("reason", selection.reason.as_str())
        .with("members", selection.members.iter().map(member).collect::<Json>())
}

fn read_selection(f: &mut Fields<'_>) -> Result<SelfSelectionDraft, ShapeError> {
    Ok(SelfSelectionDraft {
        consent: some(f, "consent")?,
        reason: text(f, "reason")?,
        members: f.each("members", |item, path| {
            object(item, path, |f| {
                Ok(SelectedDraft {
                    name: text(f, "name")?,
                    number: some(f, "number")?,
                    unit: some(f, "unit")?,
                    speciality: some(f, "speciality")?,
                    legal: yes(f, "legal")?,
                })
            })
        })?,
    })
}

fn codes(regions: &[crate::codes::Region]) -> Vec<String> {
    regions.iter().map(|region| region.as_str().to_owned()).collect()
}

fn texts(items: &[String]) -> Json {
    items.iter().map(|item| Json::from(item.as_str())).collect()
}

fn read_text(item: &Json, path: &str) -> Result<String, ShapeError> {
    item.as_str().map(str::to_owned).ok_or_else(|| ShapeError::new(path, "must be a string"))
}

fn some(f: &mut Fields<'_>, key: &str) -> Result<Option<String>, ShapeError> {
    match f.optional(key) {
        None => Ok(None),
        Some(_) => f.str(key).map(|text| Some(text.to_owned())),
    }
}

fn yes(f: &mut Fields<'_>, key: &str) -> Result<bool, ShapeError> {
    match f.optional(key) {
        None => Ok(false),
        Some(_) => f.literal(key, "yes").map(|()| true),
    }
}

fn inner<'a, T>(
    f: &mut Fields<'a>,
    key: &str,
    read: impl FnOnce(&mut Fields<'a>) -> Result<T, ShapeError>,
) -> Result<Option<T>, ShapeError> {
    match f.optional(key) {
        None => Ok(None),
        Some(_) => f.object(key, read).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan_draft::samples::plan_draft;
    use super::*;

    #[test]
    fn a_plan_reads_back_as_it_was_written() {
        let mut draft = plan_draft();
        let bare = draft.check().unwrap();
        assert_eq!(Plan::from_json(&bare.to_json(), "plan"), Ok(bare));
        draft.remote = true;
        draft.complex = true;
        draft.groups[0].legal = true;
        draft.groups[0].except = vec!["430602".into()];
        draft.document_numbers = vec![("ndrc316:A0832".into(), 5)];
        draft.involved = vec![InvolvedDraft {
            name: Some("李某".into()),
            part: "demonstration".into(),
            ..InvolvedDraft::default()
        }];
        draft.region_reason = Some("本地项目".into());
        draft.overrides = vec![("draw_not_too_early".into(), "外地专家".into())];
        draft.province_filing = Some(ProvinceFilingDraft {
            province: "420000".into(),
            number: "备2026-1".into(),
            filed_on: "2026-11-20".into(),
        });
        draft.sites = Some(SitesDraft { count: 2, within: vec!["430000".into()], workstations: 3 });
        draft.self_selection = Some(SelfSelectionDraft {
            consent: Some("cd".repeat(32)),
            reason: "技术复杂".into(),
            members: vec![SelectedDraft { name: "王小明".into(), ..SelectedDraft::default() }],
        });
        let full = draft.check().unwrap();
        assert_eq!(full.draft(), draft);
        assert_eq!(Plan::from_json(&full.to_json(), "plan"), Ok(full));
    }

    #[test]
    fn an_unknown_field_or_another_yes_is_refused() {
        let Json::Map(mut map) = plan_draft().to_json() else { unreachable!() };
        map.insert("remote".into(), Json::from("true"));
        assert_eq!(PlanDraft::from_json(&Json::Map(map.clone()), "plan").unwrap_err().path, "plan.remote");
        map.insert("remote".into(), Json::from("yes"));
        map.insert("favourite".into(), Json::from("E1"));
        assert_eq!(PlanDraft::from_json(&Json::Map(map), "plan").unwrap_err().path, "plan.favourite");
    }
}
