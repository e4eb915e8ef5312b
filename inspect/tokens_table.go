package inspect

// Bodies that the table uses.
var (
	upperNumBytes = setOf("A-Z0-9")
	lowerNumBytes = setOf("a-z0-9")
	base32Bytes   = setOf("A-Z2-7")
	dottedBytes   = setOf("A-Za-z0-9_.-")
	slashedBytes  = setOf("A-Za-z0-9_/-")
	paddedBytes   = setOf("A-Za-z0-9_=-")
	stdB64Bytes   = setOf("A-Za-z0-9+/=")
	equalBytes    = setOf("A-Za-z0-9_=.-")
)

// tokenTable holds the formats as their providers describe or show them. A row
// whose literal begins another row's is fine: a match passes over the rest.
var tokenTable = []token{
	// AI providers.
	{rule: "openai_api_key", literal: "sk-proj-", bytes: tokenBytes, min: 40, max: 220, check: openAIProjectKey},
	{rule: "openai_api_key", literal: "sk-svcacct-", bytes: tokenBytes, min: 40, max: 220, check: openAIProjectKey},
	{rule: "openai_api_key", literal: "sk-admin-", bytes: tokenBytes, min: 40, max: 220, check: openAIProjectKey},
	{rule: "openai_api_key", literal: "sk-None-", bytes: tokenBytes, min: 40, max: 220, check: openAIProjectKey},
	{rule: "openai_api_key", literal: "sk-", bytes: alnumBytes, min: 48, max: 51, check: openAIKey},
	{rule: "deepseek_api_key", literal: "sk-", bytes: hexBytes, min: 32, max: 32, score: 0.85},
	{rule: "anthropic_api_key", literal: "sk-ant-api", bytes: tokenBytes, min: 80, max: 130, check: random},
	{rule: "anthropic_api_key", literal: "sk-ant-admin", bytes: tokenBytes, min: 80, max: 130, check: random},
	{rule: "anthropic_oauth_token", literal: "sk-ant-oat", bytes: tokenBytes, min: 80, max: 130, check: random},
	{rule: "anthropic_oauth_token", literal: "sk-ant-ort", bytes: tokenBytes, min: 80, max: 130, check: random},
	{rule: "openrouter_api_key", literal: "sk-or-v1-", bytes: hexBytes, min: 64, max: 64},
	{rule: "huggingface_token", literal: "hf_", bytes: alnumBytes, min: 34, max: 40, score: 0.9},
	{rule: "huggingface_token", literal: "api_org_", bytes: alphaBytes, min: 34, max: 34, score: 0.9},
	{rule: "groq_api_key", literal: "gsk_", bytes: alnumBytes, min: 48, max: 56, check: random},
	{rule: "replicate_api_token", literal: "r8_", bytes: alnumBytes, min: 37, max: 40, check: random},
	{rule: "perplexity_api_key", literal: "pplx-", bytes: alnumBytes, min: 48, max: 56, check: random},
	{rule: "xai_api_key", literal: "xai-", bytes: alnumBytes, min: 80, max: 80, check: random},
	{rule: "langsmith_api_key", literal: "lsv2_", bytes: wordBytes, min: 40, max: 60, check: random},

	// Clouds.
	{rule: "aws_access_key_id", literal: "AKIA", bytes: base32Bytes, min: 16, max: 16, check: awsKeyID, then: awsSecret},
	{rule: "aws_access_key_id", literal: "ASIA", bytes: base32Bytes, min: 16, max: 16, check: awsKeyID, then: awsSecret},
	{rule: "aws_access_key_id", literal: "ABIA", bytes: base32Bytes, min: 16, max: 16, check: awsKeyID, then: awsSecret},
	{rule: "aws_access_key_id", literal: "ACCA", bytes: base32Bytes, min: 16, max: 16, check: awsKeyID, then: awsSecret},
	{rule: "gcp_api_key", literal: "AIza", bytes: tokenBytes, min: 35, max: 35, check: googleKey},
	{rule: "gcp_oauth_secret", literal: "GOCSPX-", bytes: tokenBytes, min: 28, max: 28},
	{rule: "gcp_oauth_token", literal: "ya29.", bytes: tokenBytes, min: 40, max: 280, check: random},
	{rule: "digitalocean_token", literal: "dop_v1_", bytes: hexBytes, min: 64, max: 64},
	{rule: "digitalocean_token", literal: "doo_v1_", bytes: hexBytes, min: 64, max: 64},
	{rule: "digitalocean_token", literal: "dor_v1_", bytes: hexBytes, min: 64, max: 64},
	{rule: "alibaba_access_key_id", literal: "LTAI", bytes: alnumBytes, min: 17, max: 26, check: random},
	{rule: "tencent_secret_id", literal: "AKID", bytes: alnumBytes, min: 32, max: 32, check: random},
	{rule: "fly_access_token", literal: "fm2_", bytes: stdB64Bytes, min: 100, max: 300, check: random},
	{rule: "databricks_token", literal: "dapi", bytes: hexBytes, min: 32, max: 32},
	{rule: "planetscale_token", literal: "pscale_tkn_", bytes: equalBytes, min: 32, max: 64},
	{rule: "planetscale_token", literal: "pscale_oauth_", bytes: equalBytes, min: 32, max: 64},
	{rule: "planetscale_password", literal: "pscale_pw_", bytes: equalBytes, min: 32, max: 64},
	{rule: "supabase_token", literal: "sbp_", bytes: lowerNumBytes, min: 40, max: 40, check: random},
	{rule: "netlify_token", literal: "nfp_", bytes: alnumBytes, min: 36, max: 40, check: random},
	{rule: "tailscale_key", literal: "tskey-", bytes: tokenBytes, min: 20, max: 80, check: random},

	// Source hosts and continuous integration.
	{rule: "github_token", literal: "ghp_", bytes: alnumBytes, min: 36, max: 36, check: githubSum},
	{rule: "github_token", literal: "gho_", bytes: alnumBytes, min: 36, max: 36, check: githubSum},
	{rule: "github_token", literal: "ghu_", bytes: alnumBytes, min: 36, max: 36, check: githubSum},
	{rule: "github_token", literal: "ghs_", bytes: alnumBytes, min: 36, max: 36, check: githubSum},
	{rule: "github_token", literal: "ghr_", bytes: alnumBytes, min: 36, max: 36, check: githubSum},
	{rule: "github_token", literal: "github_pat_", bytes: wordBytes, min: 82, max: 82, check: random},
	{rule: "gitlab_token", literal: "glpat-", bytes: tokenBytes, min: 20, max: 60, check: random},
	{rule: "gitlab_token", literal: "gldt-", bytes: tokenBytes, min: 20, max: 60, check: random},
	{rule: "gitlab_token", literal: "glptt-", bytes: hexBytes, min: 40, max: 40},
	{rule: "gitlab_token", literal: "glrt-", bytes: tokenBytes, min: 20, max: 60, check: random},
	{rule: "gitlab_token", literal: "glcbt-", bytes: tokenBytes, min: 20, max: 60, check: random},
	{rule: "gitlab_token", literal: "glft-", bytes: tokenBytes, min: 20, max: 60, check: random},
	{rule: "gitlab_token", literal: "glsoat-", bytes: tokenBytes, min: 20, max: 60, check: random},
	{rule: "gitlab_token", literal: "glagent-", bytes: tokenBytes, min: 50, max: 60, check: random},
	{rule: "gitlab_token", literal: "GR1348941", bytes: tokenBytes, min: 20, max: 22, check: random},
	{rule: "atlassian_api_token", literal: "ATATT3", bytes: paddedBytes, min: 100, max: 220, check: random},
	{rule: "buildkite_token", literal: "bkua_", bytes: lowerNumBytes, min: 40, max: 40, check: random},
	{rule: "pulumi_token", literal: "pul-", bytes: hexBytes, min: 40, max: 40},

	// Package registries and images.
	{rule: "npm_token", literal: "npm_", bytes: alnumBytes, min: 36, max: 36, check: npmSum},
	{rule: "pypi_token", literal: "pypi-AgEIcHlwaS5vcmc", bytes: tokenBytes, min: 50, max: 260, score: 1},
	{rule: "pypi_token", literal: "pypi-AgENdGVzdC5weXBpLm9yZw", bytes: tokenBytes, min: 50, max: 260, score: 1},
	{rule: "rubygems_token", literal: "rubygems_", bytes: hexBytes, min: 48, max: 48},
	{rule: "clojars_token", literal: "CLOJARS_", bytes: lowerNumBytes, min: 60, max: 60},
	{rule: "docker_token", literal: "dckr_pat_", bytes: tokenBytes, min: 27, max: 27},
	{rule: "docker_token", literal: "dckr_oat_", bytes: tokenBytes, min: 32, max: 32},
	{rule: "jfrog_api_key", literal: "AKCp", bytes: alnumBytes, min: 69, max: 69, check: random},

	// Chat and mail.
	{rule: "slack_token", literal: "xoxb-", bytes: tokenBytes, min: 20, max: 200, check: random},
	{rule: "slack_token", literal: "xoxp-", bytes: tokenBytes, min: 20, max: 200, check: random},
	{rule: "slack_token", literal: "xoxa-", bytes: tokenBytes, min: 10, max: 200, check: random},
	{rule: "slack_token", literal: "xoxr-", bytes: tokenBytes, min: 10, max: 200, check: random},
	{rule: "slack_token", literal: "xoxs-", bytes: tokenBytes, min: 20, max: 200, check: random},
	{rule: "slack_token", literal: "xoxe-", bytes: tokenBytes, min: 20, max: 250, check: random},
	{rule: "slack_token", literal: "xapp-", bytes: tokenBytes, min: 30, max: 200, check: random},
	{rule: "slack_webhook", literal: "hooks.slack.com/services/", bytes: slashedBytes, min: 40, max: 60, check: slackHook},
	{rule: "discord_webhook", literal: "discord.com/api/webhooks/", bytes: slashedBytes, min: 80, max: 95, check: discordHook},
	{rule: "discord_webhook", literal: "discordapp.com/api/webhooks/", bytes: slashedBytes, min: 80, max: 95, check: discordHook},
	{rule: "twilio_api_key", literal: "SK", bytes: hexBytes, min: 32, max: 32, score: 0.9},
	{rule: "sendgrid_api_key", literal: "SG.", bytes: dottedBytes, min: 66, max: 66, check: sendgridKey},
	{rule: "mailgun_api_key", literal: "key-", bytes: hexBytes, min: 32, max: 32, score: 0.9},
	{rule: "mailgun_api_key", literal: "pubkey-", bytes: hexBytes, min: 32, max: 32, score: 0.8},
	{rule: "brevo_api_key", literal: "xkeysib-", bytes: tokenBytes, min: 81, max: 81},

	// Payment and trade.
	{rule: "stripe_key", literal: "sk_live_", bytes: alnumBytes, min: 16, max: 120, check: random},
	{rule: "stripe_key", literal: "sk_test_", bytes: alnumBytes, min: 16, max: 120, check: random},
	{rule: "stripe_key", literal: "rk_live_", bytes: alnumBytes, min: 16, max: 120, check: random},
	{rule: "stripe_key", literal: "rk_test_", bytes: alnumBytes, min: 16, max: 120, check: random},
	{rule: "stripe_webhook_secret", literal: "whsec_", bytes: stdB64Bytes, min: 32, max: 64, check: random},
	{rule: "shopify_token", literal: "shpat_", bytes: anyHexBytes, min: 32, max: 32},
	{rule: "shopify_token", literal: "shpca_", bytes: anyHexBytes, min: 32, max: 32},
	{rule: "shopify_token", literal: "shppa_", bytes: anyHexBytes, min: 32, max: 32},
	{rule: "shopify_token", literal: "shpss_", bytes: anyHexBytes, min: 32, max: 32},
	{rule: "square_token", literal: "sq0atp-", bytes: tokenBytes, min: 22, max: 22},
	{rule: "square_token", literal: "sq0csp-", bytes: tokenBytes, min: 43, max: 43},
	{rule: "square_token", literal: "EAAA", bytes: tokenBytes, min: 60, max: 60, check: random},
	{rule: "easypost_api_key", literal: "EZAK", bytes: alnumBytes, min: 54, max: 54, check: random},
	{rule: "easypost_api_key", literal: "EZTK", bytes: alnumBytes, min: 54, max: 54, check: random},
	{rule: "shippo_api_token", literal: "shippo_live_", bytes: hexBytes, min: 40, max: 40},
	{rule: "shippo_api_token", literal: "shippo_test_", bytes: hexBytes, min: 40, max: 40},

	// Tools, monitoring, vaults.
	{rule: "linear_api_key", literal: "lin_api_", bytes: alnumBytes, min: 40, max: 40},
	{rule: "notion_token", literal: "ntn_", bytes: alnumBytes, min: 44, max: 48, check: random},
	{rule: "notion_token", literal: "secret_", bytes: alnumBytes, min: 43, max: 43, check: random},
	{rule: "airtable_token", literal: "pat", bytes: setOf("A-Za-z0-9."), min: 79, max: 79, open: 15, check: airtableToken},
	{rule: "postman_api_key", literal: "PMAK-", bytes: setOf("a-f0-9-"), min: 59, max: 59},
	{rule: "figma_token", literal: "figd_", bytes: tokenBytes, min: 38, max: 48, check: random},
	{rule: "vault_token", literal: "hvs.", bytes: tokenBytes, min: 90, max: 130, check: random},
	{rule: "vault_token", literal: "hvb.", bytes: tokenBytes, min: 100, max: 220, check: random},
	{rule: "doppler_token", literal: "dp.pt.", bytes: alnumBytes, min: 40, max: 44},
	{rule: "grafana_token", literal: "glsa_", bytes: wordBytes, min: 41, max: 41, check: random},
	{rule: "grafana_token", literal: "glc_", bytes: stdB64Bytes, min: 32, max: 300, check: random},
	{rule: "newrelic_api_key", literal: "NRAK-", bytes: upperNumBytes, min: 27, max: 27},
	{rule: "sentry_token", literal: "sntryu_", bytes: hexBytes, min: 64, max: 64},
	{rule: "sentry_token", literal: "sntrys_", bytes: setOf("A-Za-z0-9+/=_"), min: 80, max: 280, check: sentryOrg},
	{rule: "dynatrace_token", literal: "dt0c01.", bytes: setOf("A-Za-z0-9."), min: 89, max: 89},
	{rule: "prefect_token", literal: "pnu_", bytes: lowerNumBytes, min: 36, max: 36, check: random},
	{rule: "typeform_token", literal: "tfp_", bytes: dottedBytes, min: 59, max: 59, check: random},
	{rule: "readme_token", literal: "rdme_", bytes: lowerNumBytes, min: 70, max: 70},
	{rule: "contentful_token", literal: "CFPAT-", bytes: tokenBytes, min: 43, max: 43},
	{rule: "adafruit_key", literal: "aio_", bytes: alnumBytes, min: 28, max: 28, check: weakly},
	{rule: "age_secret_key", literal: "AGE-SECRET-KEY-1", bytes: upperNumBytes, min: 58, max: 58, check: ageSum},
	{rule: "onepassword_token", literal: "ops_eyJ", bytes: base64Bytes, min: 200, max: 1000},
}

// airtableToken judges "14 characters, a dot, 64 hexadecimal digits".
func airtableToken(body string) float64 {
	if body[14] != '.' {
		return 0
	}
	for i := 15; i < len(body); i++ {
		if !hexBytes[body[i]] {
			return 0
		}
	}
	return tokenScore
}
