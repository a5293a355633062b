<?php
/**
 * Plugin Name: Replydesk
 * Description: Lets the Akismet plugin ask your own Replydesk, keeps doubtful comments pending, and takes its moderators' decisions back.
 * Version: 1.0
 * Requires PHP: 7.4
 * License: Apache-2.0 OR GPL-2.0-or-later
 *
 * Lies in wp-content/mu-plugins. wp-config.php says where Replydesk is, and holds two of the site's secrets:
 *   define( 'REPLYDESK_URL', 'https://desk.example' );
 *   define( 'REPLYDESK_KEY', 'the site\'s API key' );
 *   define( 'REPLYDESK_WEBHOOK_SECRET', 'whsec_...' );   // while one is being replaced: both, with a space between
 */

defined( 'ABSPATH' ) || exit;
if ( ! defined( 'REPLYDESK_URL' ) || ! defined( 'REPLYDESK_KEY' ) ) { return; } // until then the blog goes on as it was
defined( 'WPCOM_API_KEY' ) || define( 'WPCOM_API_KEY', REPLYDESK_KEY ); // what the Akismet plugin takes for its key

final class Replydesk {
	const STATUS = array( 'approved' => 'approve', 'held' => 'hold', 'pending' => 'hold', 'spam' => 'spam', 'rejected' => 'trash', 'withdrawn' => 'trash' );
	const KEPT = array( 'approved' => 1, 'held' => 0, 'pending' => 0, 'spam' => 'spam', 'rejected' => 'trash' );
	private static $guid, $verdict, $taking = false;
	public static function begin() {
		add_filter( 'pre_http_request', array( __CLASS__, 'ask' ), 10, 3 );
		add_filter( 'preprocess_comment', array( __CLASS__, 'note' ), 99 );
		add_filter( 'rest_pre_insert_comment', array( __CLASS__, 'note' ), 99 );
		add_filter( 'pre_comment_approved', array( __CLASS__, 'judge' ), 99 );
		add_action( 'wp_insert_comment', function () { self::$guid = self::$verdict = null; }, 99 );
		add_action( 'transition_comment_status', array( __CLASS__, 'tell' ), 20, 3 );
		add_action( 'rest_api_init', array( __CLASS__, 'listen' ) );
	}

	/** Sends what the Akismet plugin asks rest.akismet.com to Replydesk, on whatever scheme; nothing goes to Akismet. */
	public static function ask( $answer, $args, $url ) {
		$host = (string) wp_parse_url( $url, PHP_URL_HOST );
		if ( 'rest.akismet.com' !== $host && '.rest.akismet.com' !== substr( $host, -17 ) ) {
			return $answer;
		}
		$told = array();
		is_string( $args['body'] ?? null ) ? parse_str( $args['body'], $told ) : $told = (array) ( $args['body'] ?? array() );
		$comment = (int) ( $told['comment_ID'] ?? 0 );
		$more = array(
			'guid' => $comment ? get_comment_meta( $comment, 'replydesk_id', true ) : '',
			'comment_parent_guid' => empty( $told['comment_parent'] ) ? '' : get_comment_meta( (int) $told['comment_parent'], 'replydesk_id', true ),
		);
		$args['body'] = is_string( $args['body'] ?? null ) ? $args['body'] . '&' . http_build_query( array_filter( $more ), '', '&' ) : array_filter( $more ) + $told;
		unset( $args['headers']['Host'] );
		$args['httpversion'] = '1.1';
		$answer = wp_remote_request( untrailingslashit( REPLYDESK_URL ) . wp_parse_url( $url, PHP_URL_PATH ), $args );
		if ( '/1.1/comment-check' === wp_parse_url( $url, PHP_URL_PATH ) ) {
			list( self::$guid, self::$verdict ) = is_wp_error( $answer ) ? array( '', 'held' ) :
				array( (string) wp_remote_retrieve_header( $answer, 'x-akismet-guid' ), (string) wp_remote_retrieve_header( $answer, 'x-replydesk-verdict' ) );
			if ( $comment && self::$guid ) { // asked again about a comment that is stored already
				update_comment_meta( $comment, 'replydesk_id', self::$guid );
				self::$taking = true; // whoever is signed in asked again, and decided nothing
				'approved' === self::$verdict && 'unapproved' === wp_get_comment_status( $comment ) && wp_set_comment_status( $comment, 'approve' );
				self::$taking = false;
				// what still waits, Akismet must not approve by WordPress' own rules
				'held' === self::$verdict ? add_filter( 'pre_option_comment_moderation', '__return_true' ) : remove_filter( 'pre_option_comment_moderation', '__return_true' );
			}
		}
		return $answer;
	}

	/** Keeps Replydesk's id with the comment; the REST API asks so late that its state is given here. */
	public static function note( $comment ) {
		if ( is_array( $comment ) && self::$guid ) {
			$comment['comment_meta']['replydesk_id'] = self::$guid;
		}
		if ( is_array( $comment ) && 'rest_pre_insert_comment' === current_filter() ) {
			$comment['comment_approved'] = self::judge( $comment['comment_approved'] ?? 0 );
		}
		return $comment;
	}

	/** Gives a new comment the state that Replydesk said; without an answer it waits. What WordPress put in the trash stays there. */
	public static function judge( $approved ) {
		if ( null === self::$verdict || is_wp_error( $approved ) || 'trash' === $approved ) {
			return $approved;
		}
		return self::KEPT[ self::$verdict ] ?? 0;
	}

	public static function listen() {
		register_rest_route( 'replydesk/v1', '/decisions', array(
			'methods' => 'POST',
			'callback' => array( __CLASS__, 'take' ),
			'permission_callback' => array( __CLASS__, 'is_signed' ),
		) );
	}

	/** Checks the signature of Standard Webhooks over the very bytes that came. */
	public static function is_signed( WP_REST_Request $request ) {
		list( $id, $time, $given ) = array_map( array( $request, 'get_header' ), array( 'webhook-id', 'webhook-timestamp', 'webhook-signature' ) );
		if ( ! $id || ! ctype_digit( (string) $time ) || abs( time() - (int) $time ) > 300 || ! defined( 'REPLYDESK_WEBHOOK_SECRET' ) ) {
			return false;
		}
		foreach ( preg_split( '/\s+/', REPLYDESK_WEBHOOK_SECRET, -1, PREG_SPLIT_NO_EMPTY ) as $secret ) {
			$key = base64_decode( preg_replace( '/^whsec_/', '', $secret ), true );
			$ours = 'v1,' . base64_encode( hash_hmac( 'sha256', "$id.$time." . $request->get_body(), (string) $key, true ) );
			foreach ( explode( ' ', (string) $given ) as $one ) {
				if ( $key && hash_equals( $ours, $one ) ) {
					return true;
				}
			}
		}
		return false;
	}

	/** Carries a decision out, unless a later one is done already; a comment that is not here needs none. */
	public static function take( WP_REST_Request $request ) {
		$data = (array) ( json_decode( $request->get_body(), true )['data'] ?? array() );
		$id = (string) ( $data['comment']['id'] ?? '' );
		$wanted = array( 'meta_key' => 'replydesk_id', 'meta_value' => $id, 'number' => 1, 'status' => array( 'all', 'spam', 'trash' ) );
		$found = get_comments( $wanted );
		if ( ! $found && preg_match( '/^wp-(\d+)$/', $id, $number ) ) {
			$found = array_filter( array( get_comment( (int) $number[1] ) ) ); // it moved in with an export
		}
		$sequence = (int) ( $data['sequence'] ?? 0 );
		if ( ! $found || $sequence <= (int) get_comment_meta( $found[0]->comment_ID, 'replydesk_sequence', true ) ) {
			return new WP_REST_Response( null, 204 );
		}
		self::$taking = true;
		update_comment_meta( $found[0]->comment_ID, 'replydesk_sequence', $sequence );
		if ( 'erased' === ( $data['status'] ?? '' ) ) {
			wp_delete_comment( $found[0]->comment_ID, true );
		} elseif ( isset( self::STATUS[ $data['status'] ?? '' ] ) ) {
			$status = self::STATUS[ $data['status'] ];
			'trash' === $status ? wp_trash_comment( $found[0] ) : wp_set_comment_status( $found[0]->comment_ID, $status );
		}
		self::$taking = false;
		return new WP_REST_Response( null, 204 );
	}

	/** Tells Replydesk what was decided in wp-admin; spam and not spam the Akismet plugin tells itself. */
	public static function tell( $new, $old, $comment ) {
		$action = array( 'approved' => 'approve', 'unapproved' => 'hold', 'trash' => 'reject' )[ $new ] ?? null;
		$id = get_comment_meta( $comment->comment_ID, 'replydesk_id', true );
		if ( self::$taking || ! $action || ! $id || 'spam' === $old || ! current_user_can( 'moderate_comments' ) ) {
			return;
		}
		$url = untrailingslashit( REPLYDESK_URL ) . '/v1/comments/' . rawurlencode( $id );
		$headers = array( 'Authorization' => 'Bearer ' . REPLYDESK_KEY, 'Content-Type' => 'application/json' );
		$now = json_decode( wp_remote_retrieve_body( wp_remote_get( $url, array( 'headers' => $headers, 'timeout' => 5 ) ) ), true );
		$standing = empty( $now['decisions'] ) ? array() : array( 'replaces' => end( $now['decisions'] )['decision'] );
		$judgement = array( 'action' => $action, 'reason' => 'decided in WordPress' ) + $standing;
		wp_remote_post( "$url/decision", array( 'headers' => $headers, 'timeout' => 5, 'body' => wp_json_encode( $judgement ) ) );
	}
}
Replydesk::begin();
