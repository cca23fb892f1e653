-- The log, its tags, its one lock row; run once with search_path = <ledger's schema>, public.

-- One row, never updated: taking it FOR UPDATE makes appends of this ledger serial through commit.
CREATE TABLE ledger (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    genesis bytea NOT NULL CHECK (octet_length(genesis) = 16),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO ledger (genesis) VALUES (uuid_send(gen_random_uuid()));

CREATE TABLE events (
    position bigint PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    type text NOT NULL,
    tags text[] NOT NULL,
    data json NOT NULL, -- type json keeps the exact text, so it can be both hashed and queried
    digest bytea NOT NULL,
    hash bytea NOT NULL
);

CREATE TABLE event_tags (
    tag text NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tag, position)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %: the ledger is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
              HINT = 'Record what happened as a new event instead.';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event_tags
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The hash layout is frozen; docs/decisions/0005-hash-layout.md gives it byte by byte with test vectors.
CREATE FUNCTION sized(field bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT int4send(octet_length(field)) || field
$$;

CREATE FUNCTION event_digest(type text, tags text[], data text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(
        '\x01'::bytea
        || sized(convert_to(type, 'UTF8'))
        || sized(int4send(cardinality(tags)) || coalesce(
            (SELECT string_agg(sized(convert_to(tag, 'UTF8')), ''::bytea ORDER BY n)
             FROM unnest(tags) WITH ORDINALITY AS t (tag, n)), ''::bytea))
        || sized(convert_to(data, 'UTF8')))
$$;

CREATE FUNCTION chain_step(state bytea, previous bytea, place bigint, recorded_at timestamptz, digest bytea)
RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(
        '\x01'::bytea
        || sized(coalesce(state, previous))
        || sized(int8send(place))
        || sized(int8send((extract(epoch FROM recorded_at) * 1000000)::bigint))
        || sized(digest))
$$;

-- As a window function over a batch it hands each event the hash of the one before; `previous` starts it.
CREATE AGGREGATE chain (previous bytea, place bigint, recorded_at timestamptz, digest bytea) (
    SFUNC = chain_step,
    STYPE = bytea
);

-- Appends a batch, or nothing and a NULL position when an event matching a condition came since.
-- tag_events[i] is the 1-based place in the batch of the event that carries batch_tags[i].
-- conditions: [{"types": [..], "tags": [..], "after": n}]; an empty list means "any".
CREATE FUNCTION append_events(
    batch_types text[], batch_data text[], tag_events int[], batch_tags text[], conditions jsonb,
    OUT last_position bigint, OUT appended_at timestamptz
) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    head record;
    condition record;
    previous bytea;
BEGIN
    -- Each later statement takes its own snapshot under READ COMMITTED, so it sees what the last holder committed.
    SELECT genesis INTO STRICT previous FROM ledger FOR UPDATE;
    SELECT coalesce(max(e.position), 0) AS position, max(e.recorded_at) AS recorded_at INTO head
        FROM (SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1) e;

    FOR condition IN SELECT * FROM jsonb_to_recordset(conditions) AS c (types text[], tags text[], after bigint)
    LOOP
        CONTINUE WHEN condition.after >= head.position;
        IF cardinality(condition.tags) = 0 THEN
            PERFORM FROM events e
                WHERE e.position > condition.after
                    AND (cardinality(condition.types) = 0 OR e.type = ANY (condition.types)) LIMIT 1;
        ELSE
            PERFORM FROM event_tags t JOIN events e ON e.position = t.position
                WHERE t.tag = condition.tags[1] AND t.position > condition.after AND e.tags @> condition.tags
                    AND (cardinality(condition.types) = 0 OR e.type = ANY (condition.types)) LIMIT 1;
        END IF;
        IF FOUND THEN
            RETURN;
        END IF;
    END LOOP;

    IF head.position > 0 THEN
        SELECT hash INTO STRICT previous FROM events WHERE position = head.position;
    END IF;
    appended_at := greatest(head.recorded_at, clock_timestamp());
    last_position := head.position + cardinality(batch_types);

    INSERT INTO events (position, recorded_at, type, tags, data, digest, hash)
    SELECT place, appended_at, type, tags, data::json, digest,
           chain(previous, place, appended_at, digest) OVER (ORDER BY place)
    FROM (
        SELECT head.position + b.n AS place, b.type, coalesce(g.tags, '{}') AS tags, b.data,
               event_digest(b.type, coalesce(g.tags, '{}'), b.data) AS digest
        FROM unnest(batch_types, batch_data) WITH ORDINALITY AS b (type, data, n)
        LEFT JOIN (
            SELECT t.event, array_agg(t.tag ORDER BY t.n) AS tags
            FROM unnest(tag_events, batch_tags) WITH ORDINALITY AS t (event, tag, n) GROUP BY t.event
        ) g ON g.event = b.n
    ) batch;

    INSERT INTO event_tags (tag, position)
    SELECT DISTINCT t.tag, head.position + t.event FROM unnest(tag_events, batch_tags) AS t (event, tag);
END $$;

-- Who leads a job that only one process may do. A takeover raises the epoch; an old holder then cannot commit.
CREATE TABLE leases (
    name text PRIMARY KEY,
    holder text NOT NULL,
    epoch bigint NOT NULL,
    until timestamptz NOT NULL
);

-- A client's own key, wrapped by the master key named by key_id; row 0 is the house's. Not part of the log:
-- destroying a row makes what it sealed unreadable for ever.
CREATE TABLE client_keys (
    client_id bigint PRIMARY KEY,
    key_id text NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Keyed hashes by which a Telegram user or a phone is found again.
CREATE TABLE client_handles (
    kind text NOT NULL,
    digest bytea NOT NULL,
    client_id bigint NOT NULL REFERENCES client_keys ON DELETE CASCADE,
    PRIMARY KEY (kind, digest)
);

-- How far each read model has come; an inline one is always at the head and keeps position 0 here.
CREATE TABLE projections (
    name text PRIMARY KEY,
    version int NOT NULL,
    mode text NOT NULL CHECK (mode IN ('inline', 'following')),
    position bigint NOT NULL DEFAULT 0
);

-- Updates from Telegram that failed three times and were passed over. No content: it would be personal.
CREATE TABLE failed_updates (
    bot_id bigint NOT NULL,
    update_id bigint NOT NULL,
    kind text NOT NULL,
    error text NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (bot_id, update_id)
);

-- When the next request to the CRM may leave, shared by all processes of this ledger.
CREATE TABLE crm_turns (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    next_at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO crm_turns DEFAULT VALUES;
