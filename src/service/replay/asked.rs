//! What a draw asked for, read back from its sealed record.

use crate::codes::{CreditCode, Region, Speciality};
use crate::draw::request::Request;
use crate::rules::{Project, Requirement, SameUnits};
use crate::service::draws::record::DrawRecord;
use crate::service::refusal::Refusal;
use crate::time::{Date, Timestamp};

/// What a draw asked for, read back from its record.
pub(super) struct Asked {
    pub project: Project,
    pub requirements: Vec<Requirement>,
}

impl Asked {
    pub fn of(record: &DrawRecord) -> Result<Asked, Refusal> {
        let request: &Request = &record.header.request;
        let code = |code: &str| CreditCode::parse(code).map_err(Refusal::internal);
        let start = Timestamp(request.review_start);
        let project = Project {
            purchaser: code(&request.purchaser.code)?,
            agency: code(&request.agency.code)?,
            suppliers: request
                .suppliers
                .iter()
                .map(|supplier| code(&supplier.code))
                .collect::<Result<_, _>>()?,
            review_date: Date::of(start),
            review_start: start,
            review_end: start,
            package: None,
            involved: None,
            barred: Vec::new(),
            same: SameUnits::default(),
        }
        .lasting(crate::rules::REVIEW_HOURS);
        let project = match &record.header.judged {
            Some(judged) => judged.complete(project),
            None => project,
        };
        let regions = |codes: &[String]| -> Result<Vec<Region>, Refusal> {
            codes.iter().map(|code| Region::parse(code).map_err(Refusal::internal)).collect()
        };
        let mut requirements = Vec::new();
        for group in &request.groups {
            requirements.push(Requirement {
                speciality: Speciality::parse(&group.speciality).map_err(Refusal::internal)?,
                within: regions(&group.within)?,
                except: regions(&group.except)?,
            });
        }
        Ok(Asked { project, requirements })
    }
}
