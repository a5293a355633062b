<?php
// Receives Replydesk's callbacks on a site of your own, and opens a reader's sealed address. PHP 7.2 or later, nothing to install.

/** Returns the event when one of the secrets signed these bytes within five minutes; null for anything else. */
function replydesk_event( string $body, array $headers, array $secrets, ?int $now = null ): ?array {
	$headers = array_change_key_case( $headers );
	$id      = $headers['webhook-id'] ?? '';
	$time    = $headers['webhook-timestamp'] ?? '';
	if ( '' === $id || ! ctype_digit( $time ) || abs( ( $now ?? time() ) - (int) $time ) > 300 ) {
		return null;
	}
	foreach ( $secrets as $secret ) {
		$key  = base64_decode( substr( $secret, strlen( 'whsec_' ) ), true );
		$ours = 'v1,' . base64_encode( hash_hmac( 'sha256', "$id.$time.$body", (string) $key, true ) );
		foreach ( explode( ' ', $headers['webhook-signature'] ?? '' ) as $given ) {
			if ( $key && hash_equals( $ours, $given ) ) {
				return json_decode( $body, true );
			}
		}
	}
	return null;
}

/** Opens a sealed box of GET /v1/comments/{id}/contact with the site's private key; null when it is not for this key. */
function replydesk_contact( string $box, string $private_key ): ?string {
	$secret = base64_decode( $private_key, true );
	$pair   = sodium_crypto_box_keypair_from_secretkey_and_publickey( $secret, sodium_crypto_box_publickey_from_secretkey( $secret ) );
	$plain  = sodium_crypto_box_seal_open( base64_decode( $box, true ), $pair );
	return false === $plain ? null : $plain;
}

// Your endpoint, say /hooks/comments:
//
//   $event = replydesk_event( file_get_contents( 'php://input' ), getallheaders(), array( getenv( 'REPLYDESK_WEBHOOK_SECRET' ) ) );
//   if ( ! $event ) { http_response_code( 401 ); exit; }
//   publish_or_hide( $event['data']['comment']['id'], $event['data']['status'] );   // keep the highest $event['data']['sequence']
//   http_response_code( 204 );
