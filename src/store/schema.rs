//! The tables as diesel sees them, written by hand after `migrations/`; a test holds them together
//! by reading and writing every table on both databases.
//!
//! *Invariant:* columns are text, whole numbers, booleans and bytes, the same on both databases.
//! Text keys compare by bytes (`COLLATE "C"` on PostgreSQL, BINARY on SQLite).

diesel::table! {
    log_head (id) {
        id -> BigInt,
        origin -> Text,
        size -> BigInt,
        root -> Binary,
        peaks -> Binary,
        time -> BigInt,
        last_registry_entry -> Nullable<BigInt>,
        checkpoint -> Text,
        last_key_entry -> Nullable<BigInt>,
    }
}

diesel::table! {
    log_tile (level, idx) {
        level -> BigInt,
        idx -> BigInt,
        hashes -> Binary,
    }
}

diesel::table! {
    journal (idx) {
        idx -> BigInt,
        time -> BigInt,
        actor -> Text,
        kind -> Text,
        subject -> Text,
        registry -> Bool,
        statement -> Binary,
        signature -> Binary,
        leaf_hash -> Binary,
        image -> Nullable<Binary>,
    }
}

diesel::table! {
    entry_second (idx) {
        idx -> BigInt,
        line -> Text,
    }
}

diesel::table! {
    subject_key (subject) {
        subject -> Text,
        wrapped -> Binary,
        generation -> BigInt,
    }
}

diesel::table! {
    account (id) {
        id -> Text,
        role -> Text,
        name -> Text,
        unit -> Nullable<Text>,
        token_hash -> Nullable<Binary>,
        created -> BigInt,
        expires -> BigInt,
        revoked -> Nullable<BigInt>,
        entry -> BigInt,
        rights -> Nullable<Text>,
        region -> Nullable<Text>,
        expert -> Nullable<Text>,
        login -> Nullable<Text>,
        person -> Nullable<Binary>,
        password -> Nullable<Text>,
        password_changed -> Nullable<BigInt>,
        must_change -> Bool,
        totp -> Nullable<Binary>,
        totp_required -> Bool,
        locked -> Nullable<BigInt>,
        locked_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    access_token (id) {
        id -> Text,
        account -> Text,
        kind -> Text,
        hash -> Binary,
        label -> Nullable<Text>,
        scopes -> Nullable<Text>,
        created -> BigInt,
        expires -> BigInt,
        ended -> Nullable<BigInt>,
        used -> BigInt,
        entry -> BigInt,
    }
}

diesel::table! {
    sign_in (account) {
        account -> Text,
        failures -> BigInt,
        lockouts -> BigInt,
        step -> BigInt,
        pending -> Nullable<Binary>,
    }
}

diesel::table! {
    idempotency (account, key) {
        account -> Text,
        key -> Text,
        request -> Binary,
        resource -> Text,
        status -> BigInt,
        created -> BigInt,
    }
}

diesel::table! {
    unit (code) {
        code -> Text,
        name -> Text,
        region -> Text,
        entry -> BigInt,
        version -> BigInt,
        excluded_kind -> Nullable<Text>,
        merged_into -> Nullable<Text>,
    }
}

diesel::table! {
    unit_link (unit, kind, value) {
        unit -> Text,
        kind -> Text,
        value -> Text,
    }
}

diesel::table! {
    scheme (id) {
        id -> Text,
        entry -> BigInt,
        created -> BigInt,
    }
}

diesel::table! {
    expert (number) {
        number -> Text,
        id_hash -> Binary,
        standing -> Text,
        region -> Text,
        unit -> Nullable<Text>,
        term_to -> Text,
        version -> BigInt,
        entry -> BigInt,
        title_level -> Text,
        term_from -> Text,
        confirmed -> Nullable<Text>,
    }
}

diesel::table! {
    expert_speciality (number, code) {
        number -> Text,
        code -> Text,
    }
}

diesel::table! {
    expert_region (number, code) {
        number -> Text,
        code -> Text,
    }
}

diesel::table! {
    profile (digest) {
        digest -> Text,
        name -> Text,
        text -> Text,
        entry -> BigInt,
    }
}

diesel::table! {
    package (id) {
        id -> Text,
        plan_no -> Text,
        package_no -> Text,
        agency -> Text,
        purchaser -> Text,
        state -> Text,
        version -> BigInt,
        entry -> BigInt,
        created -> BigInt,
    }
}

diesel::table! {
    draw (id) {
        id -> Text,
        package -> Text,
        attempt -> BigInt,
        state -> Text,
        alpha -> Nullable<Binary>,
        committed_entry -> Nullable<BigInt>,
        drawn_entry -> Nullable<BigInt>,
        ended_entry -> Nullable<BigInt>,
        version -> BigInt,
        created -> BigInt,
        updated -> BigInt,
        proposal -> Nullable<Text>,
    }
}

diesel::table! {
    case_file (id) {
        id -> Text,
        kind -> Text,
        state -> Text,
        subject -> Nullable<Text>,
        region -> Nullable<Text>,
        parent -> Nullable<Text>,
        owner -> Nullable<Text>,
        due -> Nullable<BigInt>,
        version -> BigInt,
        entry -> BigInt,
        created -> BigInt,
        updated -> BigInt,
    }
}

diesel::table! {
    draw_calls (draw) {
        draw -> Text,
        due -> Nullable<BigInt>,
        proposal -> Nullable<Text>,
    }
}

diesel::table! {
    outbox (id) {
        id -> Text,
        draw -> Text,
        position -> BigInt,
        kind -> Text,
        round -> BigInt,
        entry -> BigInt,
        not_after -> BigInt,
        state -> Text,
        tries -> BigInt,
        next_try -> BigInt,
        channel -> Nullable<Text>,
        trouble -> Nullable<Text>,
        changed -> BigInt,
    }
}

diesel::table! {
    cosigned_head (size) {
        size -> BigInt,
        root -> Binary,
        note -> Text,
        offered -> BigInt,
    }
}

diesel::table! {
    cosignature (size, witness) {
        size -> BigInt,
        witness -> Text,
        time -> BigInt,
        line -> Text,
    }
}

diesel::table! {
    witness (vkey) {
        vkey -> Text,
        size -> BigInt,
        cosigned -> Nullable<BigInt>,
        tried -> Nullable<BigInt>,
        succeeded -> Nullable<BigInt>,
        failures -> BigInt,
        next_try -> BigInt,
        trouble -> Nullable<Text>,
        troubled -> Nullable<BigInt>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(expert, expert_speciality, expert_region);
diesel::allow_tables_to_appear_in_same_query!(draw, draw_calls, package);
diesel::allow_tables_to_appear_in_same_query!(unit, unit_link);
diesel::allow_tables_to_appear_in_same_query!(cosigned_head, cosignature);
