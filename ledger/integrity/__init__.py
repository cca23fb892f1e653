"""Proof that the log was not altered: the chain of hashes, checkpoints held outside, extracts; one file a part."""

from __future__ import annotations

from ledger.integrity.layout import chain_hash as chain_hash, event_digest as event_digest
from ledger.integrity.verify import Verification as Verification, verify_chain as verify_chain
