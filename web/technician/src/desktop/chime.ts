/** Two soft notes: a customer has come. */
export function chime(): void {
  const audio = new AudioContext();
  const begin = audio.currentTime;
  [660, 880].forEach((pitch, index) => {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const at = begin + index * 0.14;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.12, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.35);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.4);
  });
  // Without a click before it, a web view may keep silent; then there is the notification.
  void audio.resume().catch(() => undefined);
  setTimeout(() => void audio.close().catch(() => undefined), 1_500);
}
