//! The screen stream: cutting a frame's payload into messages and putting it together again; numbers of video codecs.
//! What is inside the payload is `farhand-screen`'s (media/screen), the same code at the agent and in the viewer.
