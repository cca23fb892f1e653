-- By which phones clients can be looked up; run once with search_path = <ledger's schema>, public.

-- Every phone a client gave as a keyed hash, also one that was only typed. Unlike a handle it proves nothing: several
-- clients may have given the same one. Forgotten with the client's key.
CREATE TABLE client_phones (
    digest text NOT NULL,
    client_id bigint NOT NULL REFERENCES client_keys ON DELETE CASCADE,
    PRIMARY KEY (digest, client_id)
);
CREATE INDEX client_phones_client ON client_phones (client_id);
