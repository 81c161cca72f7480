drop function bring_streams_back, set_streams_aside, lock_streams_of, append_to_stream;
drop table stream_extents, stream_chunks, stream_heads, stream_garbage;
drop function note_stream_garbage;
