-- Read models built anew beside the live ones; run once with search_path = <ledger's schema>, public.

-- The live versions of the read models that are written with the events. An append asks once it has the ledger's row:
-- being VOLATILE, this takes a snapshot of its own, and so sees a switch committed while the append waited for the row.
CREATE FUNCTION inline_models() RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN (SELECT coalesce(jsonb_object_agg(p.name, p.version), '{}') FROM projections p WHERE p.mode = 'inline');
END $$;

-- Read models being built beside the live ones. A row whose lease (rebuild:<name>) has run out is what a killed
-- process left behind; the next rebuild of that name clears it away.
CREATE TABLE rebuilds (
    name text PRIMARY KEY,
    version int NOT NULL,
    position bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
