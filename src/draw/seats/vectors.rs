//! The checked-in vectors.
