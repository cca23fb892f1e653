-- When the CRM's catalogue was last read; run once with search_path = <ledger's schema>, public.

-- No fact about the salon, and a reading that changes nothing is no event: this only tells how fresh the catalogue is.
CREATE TABLE crm_catalog_readings (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    read_at timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('published', 'unchanged', 'overruled', 'braked'))
);
