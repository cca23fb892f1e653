-- The read models as the release before moves made them: schedule 1, catalog 1, backlog 1. Never changed.
CREATE TABLE schedule (
    booking_id bigint PRIMARY KEY,
    version int NOT NULL,
    client_id bigint,
    staff_id bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    during tstzrange NOT NULL GENERATED ALWAYS AS (tstzrange(starts_at, ends_at)) STORED,
    service_ids bigint[] NOT NULL,
    price bigint,
    status text NOT NULL CHECK (status IN ('held', 'booked', 'cancelled', 'visited', 'missed')),
    active boolean NOT NULL GENERATED ALWAYS AS (status IN ('held', 'booked')) STORED,
    overlap_allowed boolean NOT NULL DEFAULT false,
    origin text NOT NULL,
    record_id bigint,
    expires_at timestamptz,
    awaits text,
    made_at timestamptz,
    -- Even with the rule deleted from the code, two active bookings of one master cannot overlap.
    CONSTRAINT schedule_no_overlap EXCLUDE USING gist (staff_id WITH =, during WITH &&)
        WHERE (active AND NOT overlap_allowed) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX schedule_client ON schedule (client_id, starts_at);
CREATE INDEX schedule_staff ON schedule (staff_id, starts_at) WHERE active;
CREATE INDEX schedule_holds ON schedule (expires_at) WHERE status = 'held';
CREATE TABLE catalog (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    published_at timestamptz NOT NULL,
    facts json NOT NULL
);
CREATE TABLE catalog_shifts (
    staff_id bigint PRIMARY KEY,
    facts json NOT NULL
);
CREATE TABLE backlog (
    booking_id bigint PRIMARY KEY,
    status text NOT NULL,
    starts_at timestamptz NOT NULL,
    pending_since timestamptz,
    record_id bigint,
    state json NOT NULL
);
CREATE INDEX backlog_open ON backlog (starts_at) WHERE status IN ('pending', 'unknown', 'parked');
CREATE TABLE backlog_events (
    position bigint PRIMARY KEY,
    booking_id bigint NOT NULL,
    sync text NOT NULL,
    reason text,
    attempt_position bigint
);
CREATE TABLE backlog_failures (
    position bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    booking_id bigint NOT NULL,
    operation text NOT NULL,
    outcome text NOT NULL,
    kind text NOT NULL,
    status int
);
