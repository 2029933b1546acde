//! The clauses of "photos in place", each of which can be left out to see what it is for.

/// How `dedupe-record` knows an event of our own write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnWrite {
    /// Entity tag and version id are those of the recorded output.
    ETagAndVersion,
    /// The entity tag is: all that a bucket without versions offers.
    ETag,
    /// The version id is.
    Version,
    /// Not at all: every own write goes on to `dedupe-process`.
    Unknown,
}

/// What recording an output removes from the intents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forget {
    /// Nothing.
    Nothing,
    /// The hash of the output.
    Hash,
    /// The pair of this worker's token and the hash, where intents are such pairs.
    OwnToken,
}

/// When DynamoDB's time to live removes the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// Never.
    Never,
    /// When nothing is under way and no event or stream record will be delivered again.
    AfterTheLastDelivery,
    /// The same, but only the intents are removed from the item.
    IntentsAfterTheLastDelivery,
    /// When nothing is under way; duplicates may still come.
    BeforeLateDuplicates,
    /// Once, at any time.
    AnyTime,
}

/// Which clauses hold.
#[derive(Debug, Clone, Copy)]
pub struct Protocol {
    /// `dedupe-record` takes only the first event of a key: `attribute_not_exists(pk)` and nothing else.
    pub first_event_only: bool,
    /// `dedupe-record`: `attribute_not_exists(pk) OR`. Otherwise `attribute_not_exists(sequencer) OR`.
    pub absent_by_key: bool,
    /// `dedupe-record`: `sequencer < :sequencer`.
    pub accept_newer_only: bool,
    /// `dedupe-record`: `NOT (outputETag = :etag AND outputVersion = :version)`.
    pub own_write: OwnWrite,
    /// The filter of the stream ignores REMOVE.
    pub filter_removals: bool,
    /// The filter ignores a MODIFY that leaves the sequencer as it was.
    pub filter_same_sequencer: bool,
    /// The filter ignores items that are not pending.
    pub filter_not_pending: bool,
    /// The stream's records of one item come in order.
    pub records_in_order: bool,
    /// GET with `If-Match: sourceETag`.
    pub get_if_match: bool,
    /// Fetched bytes whose hash is in the image's intents are our own write.
    pub look_up_intents: bool,
    /// A fetched own write is recorded with the version that GET answered, not with the one that the event named.
    pub record_fetched_version: bool,
    /// An output that equals its source is not written.
    pub unchanged_is_not_written: bool,
    /// Claim: `ADD intents`.
    pub claim_adds_intent: bool,
    /// The claim comes before the PUT.
    pub claim_before_put: bool,
    /// Claim: `IF sequencer = :sequencer`.
    pub claim_if_sequencer: bool,
    /// Claim: `IF state <> done`.
    pub claim_unless_done: bool,
    /// PUT with `If-Match: sourceETag`.
    pub put_if_match: bool,
    /// Record: `IF sequencer = :sequencer`.
    pub record_if_sequencer: bool,
    /// Record: `IF state <> done`.
    pub record_unless_done: bool,
    /// Record: what it deletes from the intents.
    pub forget: Forget,
    /// A rejection reaches its queue before the ledger says so.
    pub reject_before_mark: bool,
    /// Rejection: `IF sequencer = :sequencer`.
    pub reject_if_sequencer: bool,
}

impl Protocol {
    /// The protocol.
    pub const CURRENT: Self = Self {
        first_event_only: false,
        absent_by_key: false,
        accept_newer_only: true,
        own_write: OwnWrite::ETagAndVersion,
        filter_removals: true,
        filter_same_sequencer: true,
        filter_not_pending: true,
        records_in_order: true,
        get_if_match: true,
        look_up_intents: true,
        record_fetched_version: true,
        unchanged_is_not_written: true,
        claim_adds_intent: true,
        claim_before_put: true,
        claim_if_sequencer: true,
        claim_unless_done: true,
        put_if_match: true,
        record_if_sequencer: true,
        record_unless_done: false,
        forget: Forget::Nothing,
        reject_before_mark: true,
        reject_if_sequencer: true,
    };

    /// As it was first designed: recording an output deletes its hash from the intents, and an item without a
    /// sequencer counts as one that has it.
    pub const FIRST_DESIGN: Self = Self {
        forget: Forget::Hash,
        absent_by_key: true,
        ..Self::CURRENT
    };

    /// Another repair of the first design: each attempt deletes its own intent, and only the first is recorded.
    pub const TOKENS: Self = Self {
        forget: Forget::OwnToken,
        record_unless_done: true,
        ..Self::CURRENT
    };
}
