package inspect

// The rules that phrases report.
const (
	ruleOverride  = "instruction_override"
	ruleErase     = "instruction_erasure"
	ruleNew       = "new_instructions"
	ruleLeak      = "system_prompt_extraction"
	ruleEcho      = "context_extraction"
	rulePersona   = "persona_hijack"
	ruleDAN       = "do_anything_now"
	ruleMode      = "privileged_mode"
	ruleBypass    = "policy_bypass"
	ruleRefusal   = "refusal_suppression"
	ruleUnlimited = "limits_denied"
	ruleHarm      = "harm_invited"
	ruleScene     = "fiction_frame"
	ruleAuthority = "false_authority"
	ruleAddressed = "assistant_addressed"
	ruleConceal   = "concealment"
	ruleSend      = "data_request"
)

// overridePhrases set aside what the model was told before.
var overridePhrases = []phrase{
	{ruleOverride, Injection, 0.82, "ignore|disregard|forget|override|overrule|bypass|discard|neglect|dismiss ~4 previous|prior|above|earlier|preceding|existing|original|former|initial|system|current|past ~3 instruction*|prompt*|guideline*|directive*|programming|training|commands|rules|directions|orders", nil},
	{ruleOverride, Injection, 0.75, "ignore|disregard|forget|override|discard|dismiss ~3 instructions|directives|programming|guidelines|rules|directions|commands ~3 above|before|previously|earlier|you_were_given|you_have_been_given|you_received", nil},
	{ruleOverride, Injection, 0.7, "ignore|disregard|forget|override|discard ~1 all|any|every|your ~2 instructions|directives|programming|guidelines", nil},
	{ruleErase, Injection, 0.7, "forget|disregard|ignore ~1 everything|anything|all ~4 told|said|above|before|learned|previously|instructed|know", nil},
	{ruleOverride, Injection, 0.7, "do_not|don't|never|stop ~1 follow|following|obey|obeying|listen_to ~4 previous|prior|above|original|system|earlier|your ~2 instructions|prompt|rules|guidelines|directives", nil},
	{ruleNew, Injection, 0.4, "new|updated|real|actual|true|revised ~1 instructions|directive|objective ~1 are|is|follow|below|begin|start*", nil},
	{ruleNew, Injection, 0.35, "from_now_on|starting_now|henceforth ~3 you|respond|answer|act|obey|ignore|your", nil},
	{ruleNew, Injection, 0.3, "instead ~2 follow|obey|execute|do|say|respond|output|print ~4 instructions|commands|exactly|only|following|this", nil},
	{ruleNew, Injection, 0.35, "end|start|beginning ~1 of ~1 system_prompt|prompt|instructions|user_input|conversation", nil},
}

// leakPhrases ask for what the operator said.
var leakPhrases = []phrase{
	{ruleLeak, Injection, 0.76, "reveal|show|print|repeat|output|display|tell|give|share|disclose|leak|expose|dump|recite|paste|write|return|send|read|list|describe|summarize|what|what's|translate|quote ~5 your|its ~2 !system_prompt|system_message|system_instructions|initial_prompt|hidden_prompt|initial_instructions|original_instructions|hidden_instructions|secret_instructions|developer_message|preprompt|pre-prompt|system_prompts", nil},
	{ruleLeak, Injection, 0.55, "reveal|print|repeat|output|disclose|leak|expose|dump|recite|paste|quote ~5 !system_prompt|system_message|system_instructions|initial_prompt|hidden_prompt|initial_instructions|original_instructions|hidden_instructions|secret_instructions|developer_message|preprompt", nil},
	{ruleLeak, Injection, 0.55, "what|which|list|reveal|repeat|print|tell_me|show_me ~4 !instructions|rules|guidelines ~3 you_were_given|you_have_been_given|you_received|you_were_told|you_must_follow|given_to_you", nil},
	{ruleEcho, Injection, 0.72, "repeat|print|output|copy|write|recite|return|display ~3 everything|all|text|words|content|contents|lines|verbatim ~4 !above ~3 this|verbatim|starting|in|from|word|prompt|here|conversation|message|between", nil},
	{ruleEcho, Injection, 0.55, "repeat|print|output|copy|write ~2 everything|all|words|text ~1 above", nil},
	{ruleEcho, Injection, 0.45, "starting_with|begins_with|beginning_with ~2 you_are ~1 chatgpt|a|an|gpt*|claude", nil},
}

// personaPhrases put another speaker in the model's place, or lift its limits.
var personaPhrases = []phrase{
	{ruleDAN, Jailbreak, 0.85, "do_anything_now", nil},
	{ruleDAN, Jailbreak, 0.6, "as|be|called|named|like|mode|is|becoming|i'm|am ~1 !dan ~2 which|who|mode|stands|has|have|can|will|and|none|an", nil},
	{rulePersona, Jailbreak, 0.75, "you_are_now|you're_now|you_will_now_be|you_have_become|you_are_going_to_be ~6 dan|unrestricted|uncensored|jailbroken|jailbreaked|evil|unfiltered|amoral|unbound|liberated|rogue|stan|dude|aim|free_from|free_of|without", nil},
	{rulePersona, Jailbreak, 0.72, "pretend|act|imagine|roleplay|role-play|simulate|behave|respond|answer|reply|operate|you_are|you're ~10 without|no|free_of|free_from|lacking|not_bound_by|unbound_by ~2 !restrictions|restriction|limitations|filters|filter|censorship|guidelines|ethics|morals|rules|boundaries|safeguards", nil},
	{rulePersona, Jailbreak, 0.6, "ai|assistant|chatbot|bot|model|character|persona|version|mode ~5 without|no|free_of|free_from|lacks|ignores ~3 !restrictions|limitations|filters|censorship|ethics|morals|safeguards|inhibitions", nil},
	{rulePersona, Jailbreak, 0.5, "unfiltered|uncensored|amoral|unrestricted|immoral|unethical ~3 ai|response*|answer*|bot|model|chatbot|assistant|advice|version|character|persona|output*|language_model", nil},
	{rulePersona, Jailbreak, 0.35, "stay|remain|break|breaking|keep ~2 !character", []Role{User}},
	{ruleMode, Jailbreak, 0.72, "enter|enable|activate|switch|unlock|you_are|you're|enabled|initiate|turn_on ~5 !jailbreak_mode|god_mode|unrestricted_mode|dan_mode|sudo_mode|evil_mode|uncensored_mode|no_filter_mode|chaos_mode", nil},
	{ruleMode, Jailbreak, 0.5, "you_are|you're|act|respond|chatgpt|ai|model|simulate ~5 !developer_mode|debug_mode|admin_mode|maintenance_mode|root_mode|test_mode ~3 enabled|activated|now|on|where|output|and|with", nil},
	{ruleMode, Jailbreak, 0.3, "jailbreak|jailbroken|jailbreaking", nil},
	{ruleBypass, Jailbreak, 0.6, "bypass|circumvent|evade|disable|ignore|override|remove|violate|break|turn_off|disregard|deactivate|sidestep ~4 safety|content|moderation|ethical|ethics|openai|openai's|anthropic|your ~2 filter*|guideline*|polic*|restriction*|protocol*|guardrail*|safeguard*|limitation*|moderation|programming", nil},
	{ruleUnlimited, Jailbreak, 0.55, "no_longer|not|never|isn't|aren't|without ~3 bound|restricted|limited|constrained|governed|subject ~2 by|to ~4 rules|polic*|guidelines|restrictions|ethics|laws|openai*|limitations|moral*|filters|terms", nil},
	{ruleUnlimited, Jailbreak, 0.55, "freed|free|broken_free|liberated|escaped ~2 from|of ~4 confines|restrictions|limitations|censorship|constraints|shackles|rules", nil},
	{ruleUnlimited, Jailbreak, 0.45, "no|any|without|all|ignoring ~2 !ethical|moral ~3 guidelines|restrictions|constraints|considerations|boundaries|limitations|principles|concerns|standards|qualms", nil},
	{ruleUnlimited, Jailbreak, 0.4, "no|any|without|lacks ~3 !censorship|inhibitions|guardrails", nil},
	{ruleRefusal, Jailbreak, 0.5, "never|not|don't|cannot|can't|won't|without ~3 !refuse|refuses|refusing|decline|refusal*", nil},
	{ruleRefusal, Jailbreak, 0.45, "never|not|don't|avoid|without|stop ~3 say|saying|use|apologize|mention|respond_with|reply_with ~5 sorry|can't|cannot|as_an_ai|disclaimer*|warning*|openai*", nil},
	{ruleHarm, Jailbreak, 0.35, "even_if|regardless|whether ~6 !illegal|unethical|immoral|harmful|offensive|dangerous", nil},
	{ruleHarm, Jailbreak, 0.3, "illegal|unethical|immoral|harmful|offensive ~2 and|or|, ~1 illegal|unethical|immoral|harmful|offensive|dangerous|inappropriate|controversial", nil},
	{ruleScene, Jailbreak, 0.2, "hypothetical*|fictional|fiction|roleplay|role-play|role_play ~4 scenario|story|world|character|response|ai|game", nil},
	{ruleScene, Jailbreak, 0.3, "two|2 ~2 responses|answers|ways|outputs|paragraphs ~8 normal|standard|classic|chatgpt|gpt|jailbreak*", nil},
	{ruleAuthority, Injection, 0.4, "i_am|i'm|this_is|as|we_are ~3 your|openai|anthropic|chatgpt's|the_system ~2 developer|developers|creator|administrator|admin|owner|programmer|engineer ~6 reveal|override|authorize*|permission|need|command|order|allow|ignore|grant", nil},
}

// indirectPhrases are instructions to the assistant where there should be none:
// in documents that a tool brought in.
var indirectPhrases = []phrase{
	{ruleAddressed, Injection, 0.55, "important|attention|note|notice|urgent|message|instruction|instructions|reminder|warning|memo ~2 to|for ~3 !ai|llm|llms|assistant|assistants|agent|agents|language_model*|chatbot*|chatgpt|claude|gpt|copilot|gemini", []Role{Tool}},
	{ruleAddressed, Injection, 0.3, "important|attention|note|notice|urgent|message|instruction|instructions ~2 to|for ~3 !ai|llm|llms|assistant|assistants|language_model*|chatgpt|claude|copilot", []Role{User}},
	{ruleAddressed, Injection, 0.45, "ai|llm|language_model|if_you_are_an_ai|if_you're_an_ai|any_ai ~1 assistant|assistants|agent|agents|model|models|reading|reader|processing ~4 must|should|shall|required|ignore|instructed|reading|processing|summarizing|please", []Role{Tool}},
	{ruleAddressed, Injection, 0.5, "if_you_are|if_you're ~2 ai|llm|language_model|assistant|chatbot|agent", []Role{Tool}},
	{ruleAddressed, Injection, 0.3, "when|before|while|after ~3 summarizing|summarising|answering|responding|processing|replying ~8 must|always|instead|also|include|first", []Role{Tool}},
	{ruleConceal, Injection, 0.55, "do_not|don't|never|without ~2 tell|telling|mention|mentioning|inform|informing|notify|notifying|alert|alerting|reveal|disclose|let ~5 user|users|human|anyone|owner|operator", []Role{Tool}},
	{ruleConceal, Injection, 0.3, "do_not|don't|never|without ~2 tell|telling|inform|informing|notify|notifying|alert|alerting ~3 user|users|human", []Role{User, Model}},
	{ruleSend, Injection, 0.55, "send|forward|email|e-mail|post|upload|transmit|exfiltrate|leak|append|encode|include|embed ~6 conversation|chat_history|api_key*|password*|credential*|secrets|private_key*|system_prompt|user's|environment_variable*|session_token*|access_token*|confidential|personal_data|inbox|emails|ssh_key* ~6 to|at|into|as|in", []Role{Tool}},
	{ruleSend, Injection, 0.4, "send|forward|email|upload|transmit|exfiltrate|leak ~6 conversation|chat_history|api_key*|password*|credential*|secrets|private_key*|system_prompt|environment_variable*|session_token*|access_token* ~6 to ~3 http*|https*|url|server|webhook|endpoint|attacker*", []Role{User, Model}},
}
