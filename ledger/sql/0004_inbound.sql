-- What the sync process has read of the CRM; run once with search_path = <ledger's schema>, public.
-- None of it is a fact about the salon: emptied, it costs one reading of the whole diary.

-- How far the changes of an account's diary have been read. `swept_at_position` is where the log stood when the whole of
-- it was last compared, `released_at_position` the operator's word about a large change that has been used up;
-- `catalog_wanted` was set by a hint that services or masters have changed.
CREATE TABLE crm_reading (
    company_id bigint PRIMARY KEY,
    changed_at timestamptz,
    swept_at timestamptz,
    swept_at_position bigint NOT NULL DEFAULT 0,
    catalog_wanted boolean NOT NULL DEFAULT false,
    released_at_position bigint NOT NULL DEFAULT 0,
    released_at timestamptz
);

-- Records somebody hinted at, or that could not be judged yet. `hints` grows with every hint, so that one which comes
-- while the record is being looked at is not taken for the one before.
CREATE TABLE crm_inbox (
    record_id bigint PRIMARY KEY,
    look_at timestamptz NOT NULL DEFAULT '-infinity',
    hints int NOT NULL DEFAULT 1,
    looks int NOT NULL DEFAULT 0
);
CREATE INDEX crm_inbox_due ON crm_inbox (look_at);

-- Changes that have been dealt with, while a reading may still show them again; `followed_at` when one moved or
-- removed a coming booking.
CREATE TABLE crm_seen (
    record_id bigint PRIMARY KEY,
    form text NOT NULL,
    changed_at timestamptz NOT NULL,
    followed_at timestamptz
);
