package inspect

// injection finds attempts to override the operator's instructions, to get at
// them, and to talk the model out of its limits. Its cues are phrases, in the
// tables of phrases_*.go; what stands near each other adds up. The operator's
// own text is not read: it is full of imperatives.
func injection() Detector {
	phrases := append(append(append(append([]phrase{}, overridePhrases...), leakPhrases...), personaPhrases...), indirectPhrases...)
	phrases = append(phrases, otherLanguages...)
	return Detector{
		name: "injection", roles: []Role{User, Tool, Model}, scored: true, ahead: 240,
		triggers: phraseTriggers(phrases),
	}
}
