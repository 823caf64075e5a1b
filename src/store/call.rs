//! A call on its way through the writer: run, perhaps run again, answered once.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::SyncSender;

use super::error::{StoreError, WriteError};
use super::tx::Tx;

/// What the writer needs of a call, whatever it answers.
pub(super) trait Job: Send {
    /// The name given to `write`, for the log.
    fn name(&self) -> &'static str;
    /// Runs the call; `false` if nothing it did may stand. A later run replaces an earlier one.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Answers the caller: with the call's own result, or with the store's failure.
    fn answer(self: Box<Self>, failure: Option<StoreError>);
}

/// The one kind of [`Job`].
pub(super) struct Call<F, T, E> {
    pub(super) name: &'static str,
    pub(super) call: F,
    pub(super) result: Option<Result<T, WriteError<E>>>,
    pub(super) reply: SyncSender<Result<T, WriteError<E>>>,
}

impl<F, T, E> Job for Call<F, T, E>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: Send,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        // Caught here, inside the transaction or savepoint, and turned into an error: a panic that
        // unwinds through the transaction loses it while the outer call still answers Ok.
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.call)(tx)));
        let failed = tx.conn().take_failed();
        let result = match outcome {
            Ok(Ok(_)) if failed => Err(WriteError::Store(StoreError::Database(format!(
                "the call \"{}\" went on after a database error",
                self.name
            )))),
            Ok(result) => result.map_err(WriteError::Call),
            Err(payload) => Err(WriteError::Store(StoreError::Panic(message(payload.as_ref())))),
        };
        let stands = result.is_ok();
        self.result = Some(result);
        stands
    }

    fn answer(self: Box<Self>, failure: Option<StoreError>) {
        let answer = match (failure, self.result) {
            (Some(failure), _) => Err(WriteError::Store(failure)),
            (None, Some(result)) => result,
            (None, None) => Err(WriteError::Store(StoreError::Closed)),
        };
        // A caller that is gone needs no answer.
        let _ = self.reply.send(answer);
    }
}

/// What a panic said.
pub(super) fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".into())
}
