"""The API of whisper-asr-webservice, which Bazarr and other media tools speak, implemented by Baton's tasks."""
