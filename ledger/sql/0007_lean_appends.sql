-- Appending at less cost, to the same rows; run once with search_path = <ledger's schema>, public.
--
-- What a short append takes in the server is mostly the beginning and ending of queries, then of expressions. So there
-- are few of both: what is sent is taken apart by types, not by expressions, and what can be asked together is.

-- As before, byte for byte, without a function call for each field.
CREATE OR REPLACE FUNCTION event_digest(type text, tags text[], data text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    tag text;
    tag_block bytea := int4send(cardinality(tags));
BEGIN
    FOREACH tag IN ARRAY tags LOOP
        tag_block := tag_block || int4send(length(convert_to(tag, 'UTF8'))) || convert_to(tag, 'UTF8');
    END LOOP;
    RETURN sha256('\x01'::bytea
        || int4send(length(convert_to(type, 'UTF8'))) || convert_to(type, 'UTF8')
        || int4send(length(tag_block)) || tag_block
        || int4send(length(convert_to(data, 'UTF8'))) || convert_to(data, 'UTF8'));
END $$;

-- Appends commands one after the other, in one transaction and so with one commit. Each has its own condition and its
-- own answer: one that is refused leaves nothing behind and does not touch the others. Each parameter has a place for
-- every command; what is an array or JSON in itself stands there as text:
--   types, tag_lists, texts  arrays, an event a place; its tags as the text of an array; the text of its envelope
--   fresh                    an array of tags that no event may have yet, or NULL
--   since, conditions        see has_come(); they are only looked at when something came after position `since`
--   lease                    an array: name, holder and epoch, which must still stand; or NULL
--   models                   the read models written along, {"name": version}, which must be the live ones; NULL: not asked
--   changes                  what is written into these read models: handed back for a command that is appended
-- A refusal is `condition`, `lease` or `models`, the last with the live ones.
CREATE FUNCTION append_commands(
    salon text, types text[], tag_lists text[], texts text[], fresh text[], since bigint[], conditions text[],
    lease text[], models text[], changes text[]
) RETURNS TABLE (last_position bigint, appended_at timestamptz, refusal text, live_models text, written jsonb)
LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off -- plans are kept, also those made while a table was empty
AS $$
DECLARE
    path text;
    place bigint;
    latest timestamptz;
    microseconds bytea;
    genesis bytea;
    previous bytea;
    live jsonb;
    held text[];
    new_types text[];
    new_tag_lists text[];
    new_texts text[];
    new_tags text[];
    digest bytea;
BEGIN
    -- Under another isolation the statements below would see the log as it was before the row was waited for.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'an append needs READ COMMITTED, and this database begins transactions as %',
            current_setting('transaction_isolation') USING ERRCODE = 'invalid_transaction_state',
            HINT = 'Set default_transaction_isolation to read committed.';
    END IF;
    path := set_config('search_path', quote_ident(salon) || ', public', true);
    -- Each later statement takes its own snapshot under READ COMMITTED, so it sees what the last holder committed.
    SELECT l.genesis INTO STRICT genesis FROM ledger l WHERE l.only_row FOR UPDATE;
    SELECT coalesce(e.position, 0), e.recorded_at, coalesce(e.hash, genesis), coalesce(inline.models, '{}')
        INTO place, latest, previous, live
        FROM (SELECT jsonb_object_agg(p.name, p.version) AS models
              FROM (SELECT name, version FROM projections WHERE mode = 'inline' ORDER BY name) p) inline
        LEFT JOIN (SELECT position, recorded_at, hash FROM events ORDER BY position DESC LIMIT 1) e ON true;

    FOR c IN 1 .. cardinality(types) LOOP
        SELECT CASE
            WHEN live <> models[c]::jsonb THEN 'models'
            WHEN EXISTS (SELECT FROM event_tags t WHERE t.tag = ANY (fresh[c]::text[])) THEN 'condition'
            WHEN since[c] < place AND has_come(conditions[c]::jsonb) THEN 'condition' END INTO refusal;
        IF refusal IS NULL AND lease[c] IS NOT NULL THEN
            held := lease[c];
            PERFORM FROM leases l WHERE l.name = held[1] AND l.holder = held[2] AND l.epoch = held[3]::bigint FOR SHARE;
            IF NOT FOUND THEN
                refusal := 'lease';
            END IF;
        END IF;
        IF refusal IS NULL THEN
            latest := greatest(latest, clock_timestamp());
            microseconds := int8send((extract(epoch FROM latest) * 1000000)::bigint);
            new_types := types[c];
            new_tag_lists := tag_lists[c];
            new_texts := texts[c];
            FOR n IN 1 .. cardinality(new_types) LOOP
                new_tags := new_tag_lists[n];
                place := place + 1;
                digest := event_digest(new_types[n], new_tags, new_texts[n]);
                -- chain_step(), spelled out: but for the first hash, the genesis, each field has one length.
                previous := sha256('\x01'::bytea || int4send(length(previous)) || previous || '\x00000008'::bytea
                    || int8send(place) || '\x00000008'::bytea || microseconds || '\x00000020'::bytea || digest);
                INSERT INTO events (position, recorded_at, type, tags, data, digest, hash)
                    VALUES (place, latest, new_types[n], new_tags, new_texts[n]::json, digest, previous);
                INSERT INTO event_tags (tag, position)
                    SELECT t.tag, place FROM unnest(new_tags) WITH ORDINALITY AS t (tag, n)
                    WHERE array_position(new_tags, t.tag) = t.n; -- an event may name a tag twice
            END LOOP;
            last_position := place;
            appended_at := latest;
            live_models := NULL;
            written := changes[c];
        ELSE
            last_position := NULL;
            appended_at := NULL;
            live_models := live;
            written := NULL;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;

ALTER FUNCTION has_come(jsonb) SET enable_seqscan = off;
ALTER FUNCTION has_come(jsonb) SET enable_bitmapscan = off;
ALTER FUNCTION has_come(jsonb) SET enable_hashjoin = off;
ALTER FUNCTION has_come(jsonb) SET enable_mergejoin = off;

-- For programs of the release before this one, which go on until they are stopped; the next release drops it.
CREATE OR REPLACE FUNCTION append_events(
    batch_types text[], batch_data text[], tag_events int[], batch_tags text[], conditions jsonb,
    OUT last_position bigint, OUT appended_at timestamptz
) LANGUAGE sql VOLATILE AS $$
    SELECT a.last_position, a.appended_at
    FROM (SELECT coalesce(array_agg(ARRAY(
              SELECT t.tag FROM unnest(tag_events, batch_tags) WITH ORDINALITY AS t (event, tag, n)
              WHERE t.event = place ORDER BY t.n)::text ORDER BY place), '{}') AS tag_lists
          FROM generate_subscripts(batch_types, 1) AS place) tagged,
        append_commands(current_schema(), ARRAY[batch_types::text], ARRAY[tag_lists::text], ARRAY[batch_data::text], NULL,
            ARRAY[0], ARRAY[conditions::text], NULL, NULL, NULL) a
$$;

DROP FUNCTION append_commands(text, jsonb);
