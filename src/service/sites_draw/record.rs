//! The sealed private record of a draw of sites: what opens its leaves, and which booking each venue
//! would get.

use crate::codec::{Hash, Json, Object, ShapeError, object};
use crate::draw::sites::{SitesKey, SitesRequest};
use crate::draw::vrf::Proof;

/// The record.
pub(super) struct SitesRecord {
    /// Id of the plan.
    pub plan: String,
    /// The key of all salts.
    pub key: SitesKey,
    /// What was asked for.
    pub request: SitesRequest,
    /// Opens the plan tag.
    pub plan_proof: Proof,
    /// Opens the package tag.
    pub package_proof: Proof,
    /// Venues by position.
    pub venues: Vec<VenueLine>,
}

/// One venue of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VenueLine {
    /// Its id.
    pub venue: String,
    /// Region code of its city.
    pub city: String,
    /// Region code of its seat.
    pub region: String,
    /// Digest of its record.
    pub record: Hash,
    /// Log index of that record.
    pub index: u64,
    /// Workstations that were free.
    pub workstations: u32,
    /// Id of the booking that holds its workstations if it was picked.
    pub booking: String,
}

impl SitesRecord {
    /// Canonical JSON, to be sealed.
    pub fn to_json(&self) -> Json {
        let venue = |line: &VenueLine| -> Json {
            Object::new()
                .with("venue", line.venue.as_str())
                .with("city", line.city.as_str())
                .with("region", line.region.as_str())
                .with("record", line.record)
                .with("index", line.index)
                .with("workstations", line.workstations)
                .with("booking", line.booking.as_str())
                .into()
        };
        Object::new()
            .with("v", 1u32)
            .with("plan", self.plan.as_str())
            .with("sites_key", Hash(self.key.0))
            .with("request", self.request.to_json())
            .with("plan_proof", self.plan_proof.to_hex())
            .with("package_proof", self.package_proof.to_hex())
            .with("venues", self.venues.iter().map(venue).collect::<Json>())
            .into()
    }

    /// Reads what [`SitesRecord::to_json`] wrote.
    pub fn read(json: &Json) -> Result<Self, ShapeError> {
        object(json, "", |f| {
            f.int("v", 1..=1)?;
            let mut proof =
                |key: &str| Proof::from_hex(f.str(key)?).map_err(|_| ShapeError::new(key, "must be a proof"));
            let (plan_proof, package_proof) = (proof("plan_proof")?, proof("package_proof")?);
            Ok(Self {
                plan: f.str("plan")?.to_owned(),
                key: SitesKey(f.hash("sites_key")?.0),
                request: SitesRequest::from_json(f.required("request")?, "request")?,
                plan_proof,
                package_proof,
                venues: f.each("venues", |item, path| {
                    object(item, path, |f| {
                        Ok(VenueLine {
                            venue: f.str("venue")?.to_owned(),
                            city: f.str("city")?.to_owned(),
                            region: f.str("region")?.to_owned(),
                            record: f.hash("record")?,
                            index: f.u64("index")?,
                            workstations: f.u32("workstations", u32::MAX)?,
                            booking: f.str("booking")?.to_owned(),
                        })
                    })
                })?,
            })
        })
    }
}
