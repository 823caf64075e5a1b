//! The section `performance` (履职评价): days, questions of both sides, and from which score on an
//! evaluation is recorded as poor.

use std::collections::BTreeMap;

use crate::codec::{Fields, ShapeError};
use crate::registry::performance::Side;

use super::read::{self, Number};

/// A question that is answered with a whole number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its name, `[a-z0-9_]{1,32}`.
    pub name: String,
    /// In Chinese.
    pub title: String,
    /// In English.
    pub title_en: String,
    /// The least answer.
    pub min: u32,
    /// The greatest.
    pub max: u32,
}

/// The section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerformanceRules {
    /// Working days after the review for the purchaser's or agency's side (198号 art 21).
    pub unit_working_days: Number,
    /// The same for the expert's side (art 22).
    pub expert_working_days: Number,
    /// Working days after that until a task that nobody answered lapses.
    pub grace_working_days: Number,
    /// A score of the expert below this is recorded as a poor evaluation.
    pub poor_below: Number,
    unit_questions: Vec<Question>,
    expert_questions: Vec<Question>,
}

/// An answer that is missing, unknown or out of its range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongAnswer {
    /// The question's name.
    pub question: String,
    /// Name of the rule: `required`, `unknown_question`, `range`.
    pub rule: &'static str,
}

impl PerformanceRules {
    /// The questions that a side answers.
    pub fn questions(&self, side: Side) -> &[Question] {
        match side {
            Side::Unit => &self.unit_questions,
            Side::Expert => &self.expert_questions,
        }
    }

    /// The score of a side's answers, 0–100, rounded down: what was given above the least possible, in
    /// a hundredth of what could be given.
    ///
    /// # Errors
    /// The first [`WrongAnswer`].
    pub fn score(&self, side: Side, answers: &BTreeMap<String, u32>) -> Result<u32, WrongAnswer> {
        let questions = self.questions(side);
        let wrong = |question: &str, rule| WrongAnswer { question: question.to_owned(), rule };
        if let Some(unknown) = answers.keys().find(|name| !questions.iter().any(|q| q.name == **name)) {
            return Err(wrong(unknown, "unknown_question"));
        }
        let (mut given, mut possible) = (0u32, 0u32);
        for question in questions {
            let answer = answers.get(&question.name).ok_or_else(|| wrong(&question.name, "required"))?;
            if !(question.min..=question.max).contains(answer) {
                return Err(wrong(&question.name, "range"));
            }
            given = given.saturating_add(answer - question.min);
            possible = possible.saturating_add(question.max - question.min);
        }
        Ok(given.saturating_mul(100).checked_div(possible).unwrap_or(0))
    }

    pub(super) fn read(f: &mut Fields<'_>) -> Result<Self, ShapeError> {
        Ok(Self {
            unit_working_days: read::number(f, "unit_working_days", 1, 60)?,
            expert_working_days: read::number(f, "expert_working_days", 1, 60)?,
            grace_working_days: read::number(f, "grace_working_days", 1, 60)?,
            poor_below: read::number(f, "poor_below", 0, 100)?,
            unit_questions: questions(f, "unit_questions")?,
            expert_questions: questions(f, "expert_questions")?,
        })
    }
}

fn questions(f: &mut Fields<'_>, key: &str) -> Result<Vec<Question>, ShapeError> {
    let questions = f.each(key, |json, path| {
        read::item(json, path, |f| {
            let name = read::line(f, "name")?;
            let sound = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            if !sound || name.len() > 32 {
                return Err(f.wrong("name", "must be [a-z0-9_]{1,32}"));
            }
            let (min, max) = (f.u32("min", 1_000)?, f.u32("max", 1_000)?);
            if min >= max {
                return Err(f.wrong("max", "must be greater than min"));
            }
            Ok(Question {
                name,
                title: read::line(f, "title")?,
                title_en: read::line(f, "title_en")?,
                min,
                max,
            })
        })
    })?;
    let twice = |q: &Question| questions.iter().filter(|other| other.name == q.name).count() > 1;
    if questions.is_empty() || questions.len() > 32 || questions.iter().any(twice) {
        return Err(f.wrong(key, "must hold 1 to 32 questions, no name twice"));
    }
    Ok(questions)
}
