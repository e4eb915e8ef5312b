package inspect

// otherLanguages are the strongest phrases in languages other than English.
var otherLanguages = []phrase{
	// German.
	{ruleOverride, Injection, 0.8, "ignorier*|ignoriere|vergiss|vergesse|missachte|missachten|vergessen_sie ~4 vorherig*|bisherig*|obig*|vorig*|früher*|vorangegangen*|ursprünglich*|vorhergehend* ~3 anweisung*|instruktion*|befehl*|regel*|vorgaben|anleitung*|aufgaben|anordnungen|aufforderungen", nil},
	{ruleErase, Injection, 0.7, "vergiss|ignoriere|vergesse|vergessen_sie|ignorieren_sie ~1 alles|alle ~4 gesagt|davor|vorher|zuvor|bisher|anweisungen|instruktionen|oben|gelernt", nil},
	{ruleLeak, Injection, 0.7, "zeig*|verrate|nenne|gib|wiederhole|drucke|offenbare|enthülle|schreibe|wie_lautet|was_ist ~5 !systemprompt|system-prompt|systemanweisung*|systemnachricht|system_anweisungen|prompttext*|anfangsprompt", nil},
	{rulePersona, Jailbreak, 0.65, "du_bist|tu_so|spiele|verhalte_dich|agiere|antworte ~8 ohne|keine ~2 einschränkung*|beschränkung*|zensur|filter|regeln|grenzen", nil},

	// Spanish.
	{ruleOverride, Injection, 0.8, "ignora|ignore|olvida|olvide|omite|descarta|desobedece ~4 instrucciones|reglas|órdenes|indicaciones|directrices ~3 anteriores|previas|antes|iniciales|originales|arriba|sistema", nil},
	{ruleOverride, Injection, 0.8, "ignora|olvida|omite|descarta ~3 anteriores|previas ~2 instrucciones|reglas|órdenes|indicaciones", nil},
	{ruleErase, Injection, 0.65, "olvida|ignora ~1 todo ~5 anterior|dije|dijeron|dicho|antes|instrucciones", nil},
	{ruleLeak, Injection, 0.7, "revela|muestra|muéstrame|dime|imprime|repite|cuál_es|enséñame|escribe ~5 !prompt_del_sistema|instrucciones_del_sistema|prompt_de_sistema|mensaje_del_sistema|instrucciones_iniciales|instrucciones_ocultas|prompt_inicial|system_prompt", nil},
	{rulePersona, Jailbreak, 0.65, "eres|actúa|finge|simula|responde|compórtate ~8 sin ~2 restricciones|límites|filtros|censura|limitaciones|reglas", nil},

	// French.
	{ruleOverride, Injection, 0.8, "ignore|ignorez|oublie|oubliez|ne_tiens_pas_compte|ne_tenez_pas_compte|fais_abstraction ~5 instructions|consignes|règles|directives|ordres ~3 précédent*|antérieur*|ci-dessus|initial*|système|reçues", nil},
	{ruleOverride, Injection, 0.8, "ignore|ignorez|oublie|oubliez ~3 précédentes|précédents ~2 instructions|consignes|règles|directives", nil},
	{ruleErase, Injection, 0.65, "oublie|oubliez|ignore|ignorez ~1 tout ~6 précède|avant|dit|appris|instructions|consignes", nil},
	{ruleLeak, Injection, 0.7, "révèle*|affiche*|montre*|donne*|répète*|imprime*|quel_est|quelles_sont|écris ~5 !prompt_système|invite_système|message_système|instructions_système|instructions_initiales|instructions_cachées|consignes_système|prompt_initial", nil},
	{rulePersona, Jailbreak, 0.65, "tu_es|agis|fais_semblant|joue|réponds|comporte-toi ~8 sans ~2 restriction*|limite*|filtre*|censure|règles", nil},

	// Portuguese and Italian.
	{ruleOverride, Injection, 0.8, "ignore|ignora|esqueça|esquece|desconsidere|dimentica|tralascia|trascura ~4 instruções|regras|ordens|istruzioni|regole|direttive ~3 anteriores|prévias|acima|precedenti|iniziali|originais", nil},
	{ruleLeak, Injection, 0.7, "revele|mostre|diga|repita|imprima|rivela|mostra|dimmi|stampa|ripeti ~5 !prompt_do_sistema|prompt_di_sistema|instruções_do_sistema|istruzioni_di_sistema|instruções_iniciais|istruzioni_iniziali|prompt_inicial", nil},

	// Dutch, Polish, Russian, Turkish.
	{ruleOverride, Injection, 0.8, "negeer|vergeet ~4 vorige|eerdere|bovenstaande|voorgaande ~2 instructies|opdrachten|regels|aanwijzingen", nil},
	{ruleOverride, Injection, 0.8, "zignoruj|ignoruj|zapomnij|pomiń ~4 poprzedni*|wcześniejsz*|powyższ* ~2 instrukcj*|polece*|zasad*|wytyczn*", nil},
	{ruleOverride, Injection, 0.8, "игнорируй*|проигнорируй*|забудь*|отбрось* ~4 предыдущи*|прежни*|все|выше* ~2 инструкци*|указани*|правил*|команд*", nil},
	{ruleLeak, Injection, 0.7, "покажи*|выведи*|раскрой*|напиши*|повтори* ~5 !системный_промпт|системное_сообщение|системные_инструкции|системного_промпта|свои_инструкции", nil},
	{ruleOverride, Injection, 0.8, "önceki|yukarıdaki ~3 talimatları|yönergeleri|komutları|kuralları ~3 unut|yoksay|görmezden|dikkate_alma", nil},

	// Chinese, Japanese, Korean.
	{ruleOverride, Injection, 0.8, "忽略|无视|忽視|忘记|忘掉|不要理会|無視 ~6 之前|以上|先前|前面|上述|上面|所有|此前|原有 ~8 指令|指示|提示|规则|命令|要求|規則|设定", nil},
	{ruleLeak, Injection, 0.7, "显示|输出|告诉|透露|泄露|打印|重复|展示|给我看|說出|说出 ~8 !系统提示|系统指令|系统消息|初始指令|系統提示|隐藏指令|系统提示词", nil},
	{ruleOverride, Injection, 0.8, "以前|これまで|上記|前|今まで ~6 !指示|命令|指令|ルール ~4 無視|忘れ|無効", nil},
	{ruleLeak, Injection, 0.7, "!システムプロンプト|システムメッセージ ~6 教え|表示|出力|見せ|開示", nil},
	{ruleOverride, Injection, 0.8, "이전|위의|앞의|모든 ~3 지시*|명령*|지침*|규칙* ~3 무시*|잊어*", nil},
}
