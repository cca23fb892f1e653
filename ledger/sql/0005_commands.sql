-- Reading and appending in one statement each; run once with search_path = <ledger's schema>, public.
--
-- The client calls these by their qualified names, each in a transaction of its own, and they set the path of that
-- transaction themselves: no session state, and a schema that was renamed is entered under its new name.

-- As before, byte for byte, in a language whose plans outlive a statement: as SQL functions they were planned anew in
-- each append, which took longer than the hashing.
CREATE OR REPLACE FUNCTION event_digest(type text, tags text[], data text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    tag text;
    tag_block bytea := int4send(cardinality(tags));
BEGIN
    FOREACH tag IN ARRAY tags LOOP
        tag_block := tag_block || sized(convert_to(tag, 'UTF8'));
    END LOOP;
    RETURN sha256('\x01'::bytea || sized(convert_to(type, 'UTF8')) || sized(tag_block) || sized(convert_to(data, 'UTF8')));
END $$;

CREATE OR REPLACE FUNCTION chain_step(
    state bytea, previous bytea, place bigint, recorded_at timestamptz, digest bytea
) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN sha256(
        '\x01'::bytea
        || sized(coalesce(state, previous))
        || sized(int8send(place))
        || sized(int8send((extract(epoch FROM recorded_at) * 1000000)::bigint))
        || sized(digest));
END $$;

-- What of a boundary has come after `head` was read. [{"types": [..], "tags": [..], "after": n}]; an empty list is "any".
CREATE FUNCTION has_come(conditions jsonb) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM jsonb_to_recordset(conditions) AS c (types text[], tags text[], after bigint)
        WHERE CASE WHEN cardinality(c.tags) = 0 THEN EXISTS (
            SELECT FROM events e
            WHERE e.position > c.after AND (cardinality(c.types) = 0 OR e.type = ANY (c.types)))
        ELSE EXISTS (
            SELECT FROM event_tags t JOIN events e ON e.position = t.position
            WHERE t.tag = c.tags[1] AND t.position > c.after AND e.tags @> c.tags
                AND (cardinality(c.types) = 0 OR e.type = ANY (c.types)))
        END);
END $$;

-- Appends commands one after the other, in one transaction and so with one commit. Each has its own condition and its
-- own answer: one that is refused leaves nothing behind and does not touch the others. A command is
--   events      [{"type": .., "tags": [..], "data": ".."}]
--   fresh       tags that no event may have yet
--   conditions  see has_come(); they are only looked at when something came after position `after`
--   lease       [name, holder, epoch] that must still stand, or null
--   models      the read models written along, {"name": version}, which must be the live ones; null: not asked
--   changes     what is written into these read models: handed back for one that is appended
-- A refusal is `condition`, `lease` or `models`, the last with the live ones.
CREATE FUNCTION append_commands(salon text, commands jsonb)
RETURNS TABLE (last_position bigint, appended_at timestamptz, refusal text, live_models jsonb, changes jsonb) LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET enable_bitmapscan = off
    SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    command record;
    event record;
    head record;
    place bigint;
    latest timestamptz;
    previous bytea;
    digest bytea;
BEGIN
    -- Under another isolation the statements below would see the log as it was before the row was waited for.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'an append needs READ COMMITTED, and this database begins transactions as %',
            current_setting('transaction_isolation') USING ERRCODE = 'invalid_transaction_state',
            HINT = 'Set default_transaction_isolation to read committed.';
    END IF;
    PERFORM set_config('search_path', quote_ident(salon) || ', public', true);
    -- Each later statement takes its own snapshot under READ COMMITTED, so it sees what the last holder committed.
    SELECT genesis INTO STRICT previous FROM ledger FOR UPDATE;
    SELECT e.position, e.recorded_at, e.hash INTO head FROM events e ORDER BY e.position DESC LIMIT 1;
    place := coalesce(head.position, 0);
    latest := head.recorded_at;
    previous := coalesce(head.hash, previous);

    FOR command IN
        SELECT * FROM jsonb_to_recordset(commands) AS c (
            events jsonb, fresh text[], after bigint, conditions jsonb, lease jsonb, models jsonb, changes jsonb)
    LOOP
        last_position := NULL;
        appended_at := NULL;
        refusal := NULL;
        live_models := NULL;
        changes := NULL;
        IF command.models <> inline_models() THEN
            refusal := 'models';
            live_models := inline_models();
        ELSIF EXISTS (SELECT FROM event_tags t WHERE t.tag = ANY (command.fresh)) THEN
            refusal := 'condition';
        ELSIF command.after < place AND has_come(command.conditions) THEN
            refusal := 'condition';
        ELSIF command.lease IS NOT NULL THEN
            PERFORM FROM leases l
                WHERE l.name = command.lease ->> 0 AND l.holder = command.lease ->> 1
                    AND l.epoch = (command.lease ->> 2)::bigint FOR SHARE;
            IF NOT FOUND THEN
                refusal := 'lease';
            END IF;
        END IF;
        IF refusal IS NULL THEN
            latest := greatest(latest, clock_timestamp());
            FOR event IN
                SELECT * FROM jsonb_to_recordset(command.events) AS e (type text, tags text[], data text)
            LOOP
                place := place + 1;
                digest := event_digest(event.type, event.tags, event.data);
                previous := chain_step(NULL, previous, place, latest, digest);
                INSERT INTO events (position, recorded_at, type, tags, data, digest, hash)
                    VALUES (place, latest, event.type, event.tags, event.data::json, digest, previous);
                INSERT INTO event_tags (tag, position) SELECT t.tag, place FROM unnest(event.tags) AS t (tag)
                    ON CONFLICT DO NOTHING; -- an event may name a tag twice
            END LOOP;
            last_position := place;
            appended_at := latest;
            changes := command.changes;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;

-- The head, and the events that match any item, of one snapshot: being STABLE it sees what its caller's statement sees.
-- items: [{"types": [..], "tags": [..], "latest": true}]. Without a match one row with the head alone.
CREATE FUNCTION read_boundary(salon text, items jsonb)
RETURNS TABLE (head bigint, place bigint, recorded_at timestamptz, type text, tags text[], data text)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off
    SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    item record;
    found_here bigint[];
    found bigint[] := '{}';
BEGIN
    PERFORM set_config('search_path', quote_ident(salon) || ', public', true);
    head := coalesce((SELECT e.position FROM events e ORDER BY e.position DESC LIMIT 1), 0);
    FOR item IN SELECT * FROM jsonb_to_recordset(items) AS i (types text[], tags text[], latest boolean) LOOP
        IF cardinality(item.tags) = 0 THEN
            found_here := ARRAY (
                SELECT e.position FROM events e
                WHERE cardinality(item.types) = 0 OR e.type = ANY (item.types)
                ORDER BY e.position DESC LIMIT CASE WHEN item.latest THEN 1 END);
        ELSIF cardinality(item.tags) = 1 AND cardinality(item.types) = 0 THEN
            found_here := ARRAY (
                SELECT t.position FROM event_tags t WHERE t.tag = item.tags[1]
                ORDER BY t.position DESC LIMIT CASE WHEN item.latest THEN 1 END);
        ELSE
            found_here := ARRAY (
                SELECT t.position FROM event_tags t JOIN events e ON e.position = t.position
                WHERE t.tag = item.tags[1] AND e.tags @> item.tags
                    AND (cardinality(item.types) = 0 OR e.type = ANY (item.types))
                ORDER BY t.position DESC LIMIT CASE WHEN item.latest THEN 1 END);
        END IF;
        found := found || found_here;
    END LOOP;
    RETURN QUERY
        SELECT read_boundary.head, e.position, e.recorded_at, e.type, e.tags, e.data::text
        FROM (SELECT) one LEFT JOIN events e ON e.position = ANY (found) ORDER BY e.position;
END $$;

-- For programs of the release before this one, which go on until they are stopped; the next release drops it.
CREATE OR REPLACE FUNCTION append_events(
    batch_types text[], batch_data text[], tag_events int[], batch_tags text[], conditions jsonb,
    OUT last_position bigint, OUT appended_at timestamptz
) LANGUAGE sql VOLATILE AS $$
    SELECT a.last_position, a.appended_at FROM append_commands(current_schema(), jsonb_build_array(jsonb_build_object(
        'events', (
            SELECT jsonb_agg(jsonb_build_object('type', b.type, 'data', b.data, 'tags', coalesce((
                SELECT jsonb_agg(t.tag ORDER BY t.n)
                FROM unnest(tag_events, batch_tags) WITH ORDINALITY AS t (event, tag, n) WHERE t.event = b.n), '[]')
            ) ORDER BY b.n)
            FROM unnest(batch_types, batch_data) WITH ORDINALITY AS b (type, data, n)),
        'fresh', '[]'::jsonb, 'after', 0, 'conditions', conditions))) a
$$;
