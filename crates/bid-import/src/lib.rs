//! Lambda function: takes bids in from the CSV files of an older system.
