"""Conversations that lie in other projects' layouts, read into token shards for instruction tuning."""
